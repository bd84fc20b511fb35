package witness

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// signerEnv makes the test binary a witness in the directory that it names.
const signerEnv = "WITNESS_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(signerEnv); dir != "" {
		cosignForever(dir)
		return
	}
	os.Exit(m.Run())
}

// killLog is the log of TestKill9, in both processes.
func killLog(t testing.TB) *testLog { return newTestLog(t, origin, "log") }

// cosignForever has a log grow, and says the size of each checkpoint that was
// cosigned, until it is killed.
func cosignForever(dir string) {
	w, err := Open(dir, Options{Name: name, Now: time.Now})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	t := new(testing.T)
	l := killLog(t)
	for old := w.Logs()[0].Last.Size; ; old++ {
		l.grow(t, old+1, "honest")
		if _, err := w.Cosign(context.Background(), l.request(t, old, old+1)); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("cosigned", old+1)
	}
}

// A witness is killed, over and over. What it has said to be cosigned is what it
// goes on from.
func TestKill9(t *testing.T) {
	dir := newDir(t, killLog(t))
	l := killLog(t)
	var said int64
	for round := range 6 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), signerEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := said
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if !strings.HasPrefix(lines.Text(), "cosigned ") {
				t.Fatal(lines.Text())
			}
			if said++; said == before+1 {
				time.AfterFunc(time.Duration(10+20*round)*time.Millisecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()
		if said == before {
			t.Fatal("nothing was cosigned")
		}
		w := mustOpen(t, dir, Options{})
		last := w.Logs()[0].Last
		l.grow(t, last.Size+1, "honest")
		if last.Size < said || last.Size > said+1 || last != l.at(t, last.Size) {
			t.Fatalf("round %d: size %d was said to be cosigned, and the witness has %+v", round, said, last)
		}
		mustCosign(t, w, l, last.Size, last.Size+1)
		said = last.Size + 1
		w.Close()
	}
}
