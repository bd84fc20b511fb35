package web

import (
	"reflect"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// closedSets has the types whose values are chosen from a closed set.
var closedSets = map[reflect.Type]func(lang string) []option{
	reflect.TypeFor[petition.Channel](): titled(petition.Channels()),
	reflect.TypeFor[petition.Level]():   titled(petition.Levels()),
	reflect.TypeFor[petition.Class]():   titled(petition.Classes()),
	reflect.TypeFor[petition.Path]():    titled(petition.Paths()),
	reflect.TypeFor[petition.Mode]():    titled(petition.Modes()),
	reflect.TypeFor[petition.Notice]():  titled(petition.Notices()),
	reflect.TypeFor[petition.Work]():    titled(petition.Works()),
	reflect.TypeFor[petition.Outcome](): titled(petition.Outcomes()),
	reflect.TypeFor[petition.Ruling]():  titled(petition.Rulings()),
	reflect.TypeFor[petition.Judged]():  titled(petition.Judges()),
	reflect.TypeFor[petition.Grade]():   titled(petition.Grades()),
	reflect.TypeFor[petition.Field]():   titled(petition.Fields()),
	reflect.TypeFor[law.ClockID]():      titled(law.Clocks()),
}

// An inputKind says what a plain string stands for.
type inputKind int

const (
	inputLine    inputKind = iota
	inputArea              // prose
	inputUnit              // code of a unit
	inputOfficer           // number of an officer
)

// An input is how a plain string is asked for.
type input struct {
	kind    inputKind
	choices func(lang string) []option
}

// inputs says how strings are asked for that their type says nothing of: by
// command and member, or by member alone. What is not here is one line of text.
var inputs = map[string]input{
	"unit":          {kind: inputUnit},
	"street":        {kind: inputUnit},
	"organ":         {kind: inputUnit},
	"dispatch.to":   {kind: inputUnit},
	"officer":       {kind: inputOfficer},
	"approver":      {kind: inputOfficer},
	"on_behalf_of":  {kind: inputOfficer},
	"reviewer":      {kind: inputOfficer},
	"confirmed_by":  {kind: inputOfficer},
	"hand-over.to":  {kind: inputOfficer},
	"reason":        {kind: inputArea},
	"reasons":       {kind: inputArea},
	"note":          {kind: inputArea},
	"demand":        {kind: inputArea},
	"explanation":   {kind: inputArea},
	"relation":      {kind: inputArea},
	"facts":         {kind: inputArea},
	"basis":         {kind: inputArea},
	"rescue":        {kind: inputArea},
	"result":        {kind: inputArea},
	"text":          {kind: inputArea},
	"summary":       {kind: inputArea},
	"impossible":    {kind: inputArea},
	"ground":        {kind: inputArea},
	"reopen.ground": {choices: worded(petition.ReopenGrounds)},

	"serve-reply.opinion":            {choices: worded(petition.Opinions)},
	"supervise.ground":               {choices: worded(petition.SupervisionGrounds)},
	"exclude-from-statistics.ground": {choices: worded(petition.ExclusionGrounds)},
	"report-urgent.form":             {choices: worded(petition.UrgentForms)},
	"archive.retention":              {choices: worded(petition.Retentions)},
	"submit-evaluation.channel":      {choices: worded(petition.EvaluationChannels)},
}

func inputOf(command, member string) input {
	if in, ok := inputs[command+"."+member]; ok {
		return in
	}
	return inputs[member]
}

func worded(choices func() []petition.Choice) func(lang string) []option {
	return func(lang string) []option {
		var options []option
		for _, c := range choices() {
			options = append(options, option{Value: c.Word, Title: c.Title.In(lang)})
		}
		return options
	}
}
