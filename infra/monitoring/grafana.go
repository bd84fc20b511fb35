package monitoring

import (
	"maps"
	"slices"
)

// What follows is Grafana's JSON: the classic model, which Grafana 13 reads and
// brings up to its own.
const (
	schemaVersion = 42
	columns       = 24
)

type object = map[string]any

var datasource = object{"type": "prometheus", "uid": "${datasource}"}

func (b board) model() object {
	variables := []object{{
		"name": "datasource", "label": "数据源", "type": "datasource", "query": "prometheus",
		"current": object{"text": "Prometheus", "value": "prometheus"},
	}}
	if b.filter {
		variables = append(variables,
			choice("unit", "单位", "label_values(xinfang_cases_open, unit)"),
			choice("tier", "期限档", "label_values(xinfang_cases_due_soon, tier)"))
	}
	return object{
		"uid": "xinfang-" + b.name, "title": b.zh, "description": b.en, "tags": []string{"xinfang"},
		"schemaVersion": schemaVersion, "editable": false, "graphTooltip": 1, "timezone": "Asia/Shanghai",
		"refresh": "1m", "time": object{"from": "now-7d", "to": "now"},
		"templating": object{"list": variables},
		"links": []object{{
			"title": "信访监督台账", "type": "dashboards", "tags": []string{"xinfang"}, "asDropdown": false, "includeVars": false, "keepTime": true,
		}},
		"panels": b.panels(),
	}
}

// choice is a variable of which several values may be chosen, or all.
func choice(name, label, values string) object {
	return object{
		"name": name, "label": label, "type": "query", "datasource": datasource,
		"query": object{"query": values, "refId": name}, "refresh": 2, "sort": 1,
		"multi": true, "includeAll": true, "allValue": ".+", "current": object{"text": "All", "value": "$__all"},
	}
}

// panels lays the charts out, from left to right and top to bottom.
func (b board) panels() []object {
	var panels []object
	x, y, row := 0, 0, 0 // where the next is put, and how high this row is
	for i, c := range b.charts {
		if x+c.width > columns {
			x, y, row = 0, y+row, 0
		}
		p := c.panel()
		p["id"] = i + 1
		p["gridPos"] = object{"x": x, "y": y, "w": c.width, "h": c.height}
		panels = append(panels, p)
		x, row = x+c.width, max(row, c.height)
	}
	return panels
}

func (c chart) panel() object {
	p := object{
		"type": c.kind, "title": c.zh, "description": c.en, "datasource": datasource,
		"targets": c.targets(), "fieldConfig": object{"defaults": c.field(), "overrides": c.overrides()},
	}
	last := object{"calcs": []string{"lastNotNull"}}
	switch c.kind {
	case stat:
		p["options"] = object{"reduceOptions": last, "textMode": "auto", "colorMode": "value", "graphMode": "none"}
	case bars:
		p["options"] = object{"reduceOptions": last, "orientation": "horizontal", "displayMode": "basic"}
	case lines:
		p["options"] = object{"legend": object{"displayMode": "table", "placement": "bottom", "calcs": []string{"lastNotNull", "max"}}, "tooltip": object{"mode": "multi", "sort": "desc"}}
	case table:
		// Each query becomes a column, named by its legend.
		names := object{}
		for i, q := range c.queries {
			names["Value #"+ref(i)] = q.legend
		}
		if len(c.queries) == 1 {
			names = object{"Value": c.queries[0].legend} // Grafana does not number a single one
		}
		p["options"] = object{"showHeader": true}
		p["transformations"] = []object{
			{"id": "merge", "options": object{}},
			{"id": "organize", "options": object{"excludeByName": object{"Time": true}, "renameByName": names}},
		}
	}
	return p
}

func (c chart) targets() []object {
	var targets []object
	for i, q := range c.queries {
		t := object{"refId": ref(i), "datasource": datasource, "expr": q.expr, "legendFormat": q.legend}
		if c.kind == lines {
			t["range"] = true
		} else {
			t["instant"] = true
		}
		if c.kind == table {
			t["format"] = "table"
		}
		targets = append(targets, t)
	}
	return targets
}

// field is how the values look. What is missing, because its denominator is zero
// or because nothing of the kind exists, is "—".
func (c chart) field() object {
	f := object{"unit": "none", "noValue": "—"}
	if c.unit != "" {
		f["unit"] = c.unit
	}
	steps := []object{{"value": nil, "color": "text"}}
	for i, s := range c.colors {
		if i == 0 {
			steps[0]["color"] = s.name
		} else {
			steps = append(steps, object{"value": s.from, "color": s.name})
		}
	}
	f["thresholds"] = object{"mode": "absolute", "steps": steps}
	if c.words != nil {
		options := object{}
		for i, value := range slices.Sorted(maps.Keys(c.words)) {
			options[value] = object{"index": i, "text": c.words[value]}
		}
		f["mappings"] = []object{{"type": "value", "options": options}}
	}
	return f
}

// overrides shows the column of rates as percentages.
func (c chart) overrides() []object {
	if c.rate == "" {
		return []object{}
	}
	return []object{{
		"matcher":    object{"id": "byName", "options": c.rate},
		"properties": []object{{"id": "unit", "value": "percentunit"}, {"id": "decimals", "value": 1}},
	}}
}

// ref names the query i of a panel: A, B, C and so on.
func ref(i int) string { return string(rune('A' + i)) }
