package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: a.tr("配置", "configuration")}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "init",
			Short: a.tr("写出带说明的 xinfang.toml", "write xinfang.toml, with comments"),
			Args:  noArgs,
			RunE: func(*cobra.Command, []string) error {
				f, err := os.OpenFile("xinfang.toml", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
				if errors.Is(err, fs.ErrExist) {
					return errors.New(a.tr("xinfang.toml 已存在，未改动", "xinfang.toml exists and was not touched"))
				}
				if err != nil {
					return err
				}
				_, err = f.WriteString(sample)
				return errors.Join(err, f.Close())
			},
		},
		&cobra.Command{
			Use:   "show",
			Short: a.tr("生效的配置，以及每个值从哪里来", "the configuration in force, and where each value comes from"),
			Args:  noArgs,
			RunE: func(*cobra.Command, []string) error {
				t := table{header: []string{a.tr("键", "key"), a.tr("值", "value"), a.tr("来源", "origin")}}
				values := make(map[string]any)
				for _, s := range a.cfg.settings() {
					origin := a.origin[s.key]
					if origin == "" {
						origin = a.tr("默认", "default")
					}
					value := s.value.Interface()
					if text, ok := value.(string); ok {
						value = passwordIn.ReplaceAllString(text, "$1:***@")
					}
					t.rows = append(t.rows, []string{s.key, fmt.Sprint(value), origin})
					values[s.key] = map[string]any{"value": value, "origin": origin}
				}
				t.values = values
				return a.print(t)
			},
		},
	)
	return cmd
}

// passwordIn finds the credentials of an address: the file that has them is for some
// to read, and what is shown is for all.
var passwordIn = regexp.MustCompile(`(://[^:@/]*):[^@/]*@`)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: a.tr("版本", "version"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			version, revision, goversion := buildInfo()
			return a.print(table{
				rows:   [][]string{{"xinfang", version, revision, goversion}},
				values: map[string]string{"version": version, "revision": revision, "goversion": goversion},
			})
		},
	}
}

// buildInfo returns what the Go toolchain put into the program.
func buildInfo() (version, revision, goversion string) {
	version, revision = "devel", "unknown"
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return version, revision, "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		version = v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	return version, revision, info.GoVersion
}
