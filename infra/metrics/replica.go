package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinfang/domain/ledger"
)

// A Replica is what the gauges show of a ledger that is kept elsewhere.
type Replica struct {
	Position  ledger.Position
	Connected bool
	Stopped   ledger.BreakKind // why copying has stopped for good; "" while it goes on
	Last      time.Time        // when the last event was copied; zero if none was
	Immutable bool             // whether the account could not delete or truncate, when that was last checked
	Checked   time.Time        // when that was; zero if it never was
}

var (
	replicaPositionDesc  = desc("xinfang_replica_position", "Position that the replica has copied.")
	replicaConnectedDesc = desc("xinfang_replica_connected", "1 while the source answers.")
	replicaStoppedDesc   = desc("xinfang_replica_stopped", "1 if the source does not continue the replica, by how it differs.", "reason")
	replicaLastDesc      = desc("xinfang_replica_last_event_timestamp_seconds", "When the last event was copied.")
	immutableDesc        = desc("xinfang_store_immutable", "1 if the last check found that this account can neither delete nor truncate.")
	checkedDesc          = desc("xinfang_store_checked_timestamp_seconds", "When that was last checked.")

	replicaDescs = []*prometheus.Desc{replicaPositionDesc, replicaConnectedDesc, replicaStoppedDesc, replicaLastDesc, immutableDesc, checkedDesc}
)

func (r Replica) collect(gauge put) {
	gauge(storeDesc, truth(r.Connected), "esdb")
	gauge(replicaPositionDesc, float64(r.Position))
	gauge(replicaConnectedDesc, truth(r.Connected))
	for _, kind := range ledger.BreakKinds {
		gauge(replicaStoppedDesc, truth(r.Stopped == kind), string(kind))
	}
	if !r.Last.IsZero() {
		gauge(replicaLastDesc, float64(r.Last.Unix()))
	}
	if !r.Checked.IsZero() {
		gauge(immutableDesc, truth(r.Immutable))
		gauge(checkedDesc, float64(r.Checked.Unix()))
	}
}

// truth is 1 or 0.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
