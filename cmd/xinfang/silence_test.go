package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"xinfang/infra/esdb"
)

// TestSilence waits for sources that answer, are silent, or are waited for.
func TestSilence(t *testing.T) {
	for name, tt := range map[string]struct {
		status func(since time.Duration) esdb.Status // so long after the start
		silent time.Duration                         // when it is given up; 0 if never
	}{
		"it sends something all the time": {func(since time.Duration) esdb.Status {
			return esdb.Status{Last: time.Unix(0, 0).Add(since)}
		}, 0},
		"it has never answered": {func(time.Duration) esdb.Status {
			return esdb.Status{Trouble: errors.New("no connection")}
		}, unheardTime},
		"it answers no more": {func(since time.Duration) esdb.Status {
			return esdb.Status{Last: time.Unix(0, 0).Add(min(since, time.Minute))}
		}, time.Minute + unheardTime},
		"A23 it is shorter than the replica": {func(time.Duration) esdb.Status {
			return esdb.Status{Last: time.Unix(1, 0), Behind: true}
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				err := silence(ctx, func() esdb.Status { return tt.status(time.Since(begin)) })
				if errors.Is(err, errUnheard) != (tt.silent > 0) || tt.silent > 0 && time.Since(begin) != tt.silent {
					t.Errorf("%v after %v", err, time.Since(begin))
				}
			})
		})
	}
}
