package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"
)

// A person is a petitioner who does not exist. His data leave the package sealed.
type person struct {
	subject                        uuid.UUID
	name, idNumber, phone, address string
}

// Surnames with a character each, and compound ones; given names, one of which
// has a character that many systems lack (𬭎).
var (
	surnames = strings.Fields("王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 高 林 罗 郑 梁 谢 宋 唐 许 韩 冯 邓 曹 彭 曾 肖 田 董 袁 潘 于 蒋 蔡 余 杜 叶 程 苏 魏 吕 丁 任 沈 " +
		"欧阳 司马 诸葛 上官 令狐 尉迟 慕容 司徒")
	givenNames = strings.Fields("𬭎 桂兰 建国 秀英 志刚 淑珍 海燕 伟东 玉梅 德福 春花 永强 雪梅 立新 凤霞 国庆 丽娟 文斌 小燕 光辉 振华 美玲 少雄 锦棠 惠珍 耀宗 阿妹 嘉欣 子轩 晓彤 润生 水根 " +
		"翠萍 学军 卫红 金水 兆基 月娥 火旺 思远")
	estates = strings.Fields("和风花园 锦绣苑 金海湾 翠竹园 阳光里 福临家园 星河居 碧水庭 云锦台 兰亭苑")
	roads   = strings.Fields("建安路 永福路 前进路 宝石路 创业路 海秀路 松柏路 新湖路 望牛路 龙井路")
)

// petitioner makes up the n-th petitioner of the year.
//
// His numbers are well formed and plainly false: an id number of area 440306 with
// a check digit that is wrong, a phone of the form 1380000nnnn.
func (p *plan) petitioner(r *rand.Rand, n int, street string) *person {
	birth := fmt.Sprintf("%04d%02d%02d", 1945+r.IntN(60), 1+r.IntN(12), 1+r.IntN(28))
	body := fmt.Sprintf("440306%s%03d", birth, r.IntN(1000))
	name := pick(r, surnames...) + pick(r, givenNames...)
	if n%400 == 2 {
		name = "张𬭎" // so that there is one to be searched for
	}
	return &person{
		subject:  p.o.id("subject", n),
		name:     name,
		idNumber: body + wrongDigit(body),
		phone:    fmt.Sprintf("1380000%04d", n%10000),
		address: fmt.Sprintf("%s%s%d号%s%d栋%d%02d房", streetName(street), pick(r, roads...), 1+r.IntN(300),
			pick(r, estates...), 1+r.IntN(20), 2+r.IntN(30), 1+r.IntN(8)),
	}
}

// streetName returns the name of a street.
func streetName(code string) string {
	for _, u := range units {
		if u.code == code {
			return u.zh
		}
	}
	return ""
}

// wrongDigit returns a check digit (GB 11643) that is not that of body.
func wrongDigit(body string) string {
	sum := 0
	for i, d := range body {
		sum += int(d-'0') * (1 << (17 - i) % 11)
	}
	right := (12 - sum%11) % 11 // 10 stands for X
	return fmt.Sprint((right + 5) % 10)
}
