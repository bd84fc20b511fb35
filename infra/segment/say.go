package segment

import (
	"errors"
	"fmt"

	"xinfang/domain/ledger"
)

// What a person has to know, the errors of this package say in both languages:
// [Damage], and all that wrap [ErrInUse], [ErrBroken] or a disk that is full,
// have a method Say that returns it. Their Error is the English of it.

// Damage (损坏) reports that the ledger on disk is not what was written: it is
// never repaired in silence. Restore the file from a replica or a backup.
type Damage struct {
	File     string          // path of the file
	Offset   int64           // in the file, in bytes, of what cannot be read
	Position ledger.Position // the first that cannot be read; 0 if that is unknown
	Reason   ledger.Text
}

// Error names the file, the offset and the position, and says what to do.
func (d *Damage) Error() string { return d.Say().EN }

// Say returns what Error says, in both languages.
func (d *Damage) Say() ledger.Text {
	return ledger.Text{
		ZH: fmt.Sprintf("台账已损坏：%s，字节 %d，位置 %d：%s；请先原样保全数据目录并告知检查组，再从副本或备份恢复该文件", d.File, d.Offset, d.Position, d.Reason.ZH),
		EN: fmt.Sprintf("the ledger is damaged: %s, byte %d, position %d: %s; keep the data directory as it is and tell the inspection team first, and then restore this file from a replica or a backup",
			d.File, d.Offset, d.Position, d.Reason.EN),
	}
}

// Is implements errors.Is: it is [ledger.ErrAltered].
func (d *Damage) Is(target error) bool { return target == ledger.ErrAltered }

// at returns err, with position p if it is damage of no known position.
func at(err error, p ledger.Position) error {
	if damage := (*Damage)(nil); errors.As(err, &damage) && damage.Position == 0 {
		damage.Position = p
	}
	return err
}

// inUse returns the trouble that the process called holder has the ledger in dir.
func inUse(dir, holder string) error {
	return &ledger.Trouble{Text: ledger.Text{
		ZH: fmt.Sprintf("%s 中的台账正由另一进程写入，进程号 %s；请先停止该进程，或让该进程去做（如用 xinfang serve 的网页与 API）；只读的命令可照常运行", dir, holder),
		EN: fmt.Sprintf("%v: the one in %s, process %s; stop it first, or have it do what you want (the console and the API of xinfang serve); commands that only read work beside it", ErrInUse, dir, holder),
	}, Cause: ErrInUse}
}

// broken returns the trouble that writing into dir has failed with err.
func broken(dir string, err error) error {
	return &ledger.Trouble{Text: ledger.Text{
		ZH: fmt.Sprintf("磁盘写入失败，%s 中的台账不再接受任何条目；请检查磁盘后重新启动程序（%v）", dir, err),
		EN: fmt.Sprintf("%v; the ledger is in %s (%v)", ErrBroken, dir, err),
	}, Cause: errors.Join(ErrBroken, err)}
}

// full returns the trouble that there is no space, as err says, in dir.
func full(dir string, err error) error {
	return &ledger.Trouble{Text: ledger.Text{
		ZH: fmt.Sprintf("%s 所在的磁盘已满，未记录任何内容；请腾出空间后重试（%v）", dir, err),
		EN: fmt.Sprintf("no space on the disk for the ledger in %s; nothing was recorded; free some space and try again (%v)", dir, err),
	}, Cause: err}
}

// A malformed says why bytes are not what they should be; nothing, if they are.
type malformed ledger.Text

func (m malformed) Error() string { return m.EN }

// is reports whether m says anything.
func (m malformed) is() bool { return m.EN != "" }

// isMalformed reports whether err is a malformed, and what it says.
func isMalformed(err error) (ledger.Text, bool) {
	var why malformed
	ok := errors.As(err, &why)
	return ledger.Text(why), ok
}

// saying returns a text of two formats with the same arguments.
func saying(zh, en string, args ...any) ledger.Text {
	return ledger.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// What frames and headers can be, but should not.
var (
	// short is the reason of bytes that a frame does not fit in: it may only be that
	// too few have been read.
	short = malformed{"帧不完整", "the frame is cut off"}

	noFrame      = malformed{"此处不是帧的开头", "no frame begins here"}
	badLength    = malformed{"帧的长度不可能", "the length of the frame is impossible"}
	badSum       = malformed{"帧的校验和（CRC-32C）不符", "the checksum (CRC-32C) of the frame is wrong"}
	badLengths   = malformed{"帧内各部分的长度不一致", "the lengths inside the frame do not add up"}
	badEnd       = malformed{"帧的结尾不对", "the frame does not end as frames do"}
	badNumber    = malformed{"帧中有不可能的数值", "a number in the frame is impossible"}
	noSegment    = malformed{"不是此格式的段文件开头", "this is not the beginning of a segment of this format"}
	badHeaderSum = malformed{"段头的校验和（CRC-32C）不符", "the checksum (CRC-32C) of the header is wrong"}
	badIndexMark = malformed{"不是此格式的索引", "this is not an index of this format"}
	badIndexSum  = malformed{"校验和（CRC-32C）不符", "the checksum (CRC-32C) is wrong"}
	badIndex     = malformed{"内部各长度不一致", "the lengths inside do not add up"}
)

// What places in the ledger can be, but should not.
var (
	unlinked    = ledger.Text{ZH: "该帧不接续其数据流的上一帧", EN: "the frame does not follow from the last one of its stream"}
	altered     = ledger.Text{ZH: "条目的内容与其叶子哈希不符：被改动", EN: "the entry does not hash to its leaf: it was altered"}
	elsewhere   = ledger.Text{ZH: "该帧不是其数据流应接续的一帧", EN: "the frame is not the one that the stream goes on with"}
	fileShort   = ledger.Text{ZH: "文件到此为止", EN: "the file ends here"}
	cutInFrame  = ledger.Text{ZH: "文件在帧中间结束", EN: "the file ends within the frame"}
	cutInHeader = ledger.Text{ZH: "文件在段头中间结束", EN: "the file ends within its header"}
	badSeam     = ledger.Text{ZH: "段头所记的上一段末叶与实际不符", EN: "the header does not name the last leaf of the segment before"}
	halfEntry   = ledger.Text{ZH: "上一段在一次写入的中间结束", EN: "the segment before ends within an entry"}
	unfinished  = ledger.Text{ZH: "上一帧所属的写入没有在此接续", EN: "the entry that the frame before begins does not go on here"}
	strayBatch  = ledger.Text{ZH: "该帧所属的批次并非从此处开始", EN: "the frame is of a batch that did not begin here"}
	notSpare    = ledger.Text{ZH: "末帧之后的空余部分应全为零", EN: "what is spare after the last frame should be zero"}
)

// standing returns the reason that the frame of position p is in the wrong place.
func standing(p ledger.Position) ledger.Text {
	return saying("此处的帧属于位置 %d", "position %d stands here", p)
}
