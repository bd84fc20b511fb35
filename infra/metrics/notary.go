package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// A Notary is what the gauges show of the notary (公证).
type Notary struct {
	Entries   int64     // that the last checkpoint commits to
	Witnessed int64     // that a quorum of witnesses has cosigned
	Audited   time.Time // when all of the ledger was last found to be what was signed; zero if not since the start
	Forged    int       // entries that pretend to be the notary's, as far as was audited
	Stopped   bool      // it signs nothing any more: the ledger is not what was signed
	Witnesses []Witness
	Anchors   bool      // there is a time-stamp authority
	Anchored  time.Time // what its last time-stamp says; zero if none is known
}

// A Witness is one that cosigns. Its name is one of the configuration.
type Witness struct {
	Name string
	Last time.Time // when it last cosigned; zero if not since the start
}

var (
	notaryEntriesDesc   = desc("xinfang_notary_entries", "Entries that the notary has signed for.")
	notaryWitnessedDesc = desc("xinfang_notary_witnessed_entries", "Entries that a quorum of witnesses has cosigned.")
	notaryStoppedDesc   = desc("xinfang_notary_stopped", "1 if the notary signs nothing more: the ledger is not what it signed for.")
	notaryAuditedDesc   = desc("xinfang_notary_audited_timestamp_seconds", "When all of the ledger was last compared with what the notary signed, and found to be that; 0 if not since the start.")
	notaryAnchoredDesc  = desc("xinfang_notary_anchored_timestamp_seconds", "The last time-stamp of the authority in the ledger; 0 if none is known. Only if one is configured.")
	notaryForgedDesc    = desc("xinfang_notary_forged_events", "Entries that pretend to be the notary's, and that it has not signed.")
	witnessLastDesc     = desc("xinfang_witness_last_cosigned_timestamp_seconds", "When a witness last cosigned; 0 if not since the start.", "witness")

	notaryDescs = []*prometheus.Desc{
		notaryEntriesDesc, notaryWitnessedDesc, notaryStoppedDesc, notaryAuditedDesc, notaryAnchoredDesc, notaryForgedDesc, witnessLastDesc,
	}
)

func (n Notary) collect(gauge put) {
	gauge(notaryEntriesDesc, float64(n.Entries))
	gauge(notaryWitnessedDesc, float64(n.Witnessed))
	gauge(notaryStoppedDesc, truth(n.Stopped))
	gauge(notaryForgedDesc, float64(n.Forged))
	gauge(notaryAuditedDesc, seconds(n.Audited))
	if n.Anchors {
		gauge(notaryAnchoredDesc, seconds(n.Anchored))
	}
	for _, w := range n.Witnesses {
		gauge(witnessLastDesc, seconds(w.Last), w.Name)
	}
}

// seconds returns t since 1970; 0 for the zero time.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.Unix())
}
