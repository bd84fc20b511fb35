package main

import (
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
			return usagef("usage: %s", strings.Join(append([]string{cmd.CommandPath()}, names...), " "))
		}
		return nil
	}
}

// finish makes the tree strict: a command that only groups others says how it is
// used, and anything else is an error.
func (a *app) finish(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		a.finish(sub)
	}
	if cmd.RunE != nil || cmd.Run != nil || !cmd.HasSubCommands() {
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
