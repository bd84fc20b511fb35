package segment

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// writerEnv makes the test binary a writer to the ledger that it names.
const writerEnv = "SEGMENT_TEST_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		write(dir)
		return
	}
	os.Exit(m.Run())
}

// write appends with four writers until it is killed, and says what has been
// acknowledged.
func write(dir string) {
	s, err := Open(dir, Options{Now: time.Now, SegmentSize: 64 << 10})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			stream := ledger.Stream{Category: "case", ID: uuid.New()}
			for v := ledger.Version(0); ; {
				got, err := s.Append(context.Background(), stream, v, ledgertest.Record(strings.Repeat("信", 100)), ledgertest.Record("and"))
				if err != nil {
					fmt.Println("error", err)
					return
				}
				v += 2
				out.Lock()
				for _, e := range got {
					fmt.Println("acknowledged", e.Position, e.Leaf)
				}
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// A process that writes is killed, over and over. What it has said to be
// acknowledged is there each time.
func TestKill9(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ledger")
	acked := make(map[string]bool)
	for round := range 6 {
		before := len(acked)
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writerEnv+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if !strings.HasPrefix(lines.Text(), "acknowledged ") {
				t.Fatal(lines.Text())
			}
			acked[strings.TrimPrefix(lines.Text(), "acknowledged ")] = true
			if len(acked) == before+1 {
				time.AfterFunc(time.Duration(20+60*round)*time.Millisecond, func() { cmd.Process.Kill() })
			}
		}
		cmd.Wait()

		missing := len(acked)
		s := mustOpen(t, dir, Options{Now: time.Now})
		var chain ledger.Chain
		for e, err := range s.ReadAll(t.Context(), 0) {
			if err == nil {
				err = chain.Next(e)
			}
			if err != nil {
				t.Fatal(err)
			}
			if acked[fmt.Sprint(e.Position, " ", e.Leaf)] {
				missing--
			}
		}
		if missing > 0 {
			t.Fatalf("round %d: %d of %d acknowledged events are missing", round, missing, len(acked))
		}
		if round%2 == 0 {
			kill(s) // no snapshot
		} else {
			s.Close()
		}
		mustVerify(t, dir, int(chain.At))
	}
	if len(segmentsIn(t, dir)) < 2 {
		t.Error("the writer was killed before it began a second segment")
	}
}
