package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// cobra's own checks of arguments do not carry our exit code, nor our language.

func noArgs(cmd *cobra.Command, args []string) error { return exactArgs()(cmd, args) }

// exactArgs wants one argument for each name.
func exactArgs(names ...string) cobra.PositionalArgs { return argsOf(len(names), names...) }

// argsOf wants at least so many arguments, and at most one for each name.
func argsOf(least int, names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least || len(args) > len(names) {
			line := strings.Join(append([]string{cmd.CommandPath()}, names...), " ")
			return usage("用法：%s", "usage: %s", line)
		}
		return nil
	}
}

// looksBack has the commands that answer as known then.
var looksBack = []string{
	"xinfang case list", "xinfang case search", "xinfang case show", "xinfang case timeline", "xinfang case explain-deadline",
	"xinfang report case", "xinfang report unit", "xinfang report timeliness", "xinfang org list",
}

// finish makes the tree strict: a command that only groups others says how it is
// used, and anything else is an error; and one that knows only the present does
// not pass over a question about the past.
func (a *app) finish(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		a.finish(sub)
	}
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			at, asOf := cmd.Flags().Changed("at"), cmd.Flags().Changed("as-of")
			if (at || asOf) && !slices.Contains(looksBack, cmd.CommandPath()) {
				return usage("%s 只看现在，不接受 --at 和 --as-of", "%s knows only the present: it takes neither --at nor --as-of", cmd.CommandPath())
			}
			if at && a.position < 1 {
				return usage("--at 应为 1 起的位置", "--at is a position, from 1")
			}
			return run(cmd, args)
		}
		return
	}
	if cmd.Run != nil || !cmd.HasSubCommands() {
		return
	}
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef(a.tr("没有命令 %q；见 %s --help", "there is no command %q; see %s --help"), args[0], cmd.CommandPath())
		}
		return cmd.Help()
	}
}

// choices lists the words of a closed set.
func choices[T ~string](set []T) string {
	var list []string
	for _, w := range set {
		list = append(list, string(w))
	}
	return strings.Join(list, ", ")
}

// oneOf refuses a value of a flag that is in no closed set; "" is none.
func oneOf[T ~string](flag string, value T, set []T) error {
	if value == "" || slices.Contains(set, value) {
		return nil
	}
	return usage("--%s 应为以下之一：%s", "--%s is one of these: %s", flag, choices(set))
}
