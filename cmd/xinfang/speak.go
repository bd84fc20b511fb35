package main

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// speak makes cobra's own words Chinese, unless the language is English.
func (a *app) speak(root *cobra.Command) {
	root.CompletionOptions.HiddenDefaultCmd = false
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	if a.lang == "en" {
		return
	}
	root.SetUsageTemplate(usageZH)
	titles := map[string]string{
		"help": "查看命令的说明", "completion": "生成命令行补全脚本",
		"bash": "bash 补全脚本", "zsh": "zsh 补全脚本", "fish": "fish 补全脚本", "powershell": "PowerShell 补全脚本",
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if title, ok := titles[c.Name()]; ok {
			c.Short = title
		}
		c.InitDefaultHelpFlag()
		if f := c.Flags().Lookup("help"); f != nil {
			f.Usage = "查看说明"
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

var usageZH = strings.NewReplacer(
	"Usage:", "用法：", "Aliases:", "别名：", "Examples:", "示例：", "Available Commands:", "命令：",
	"Additional Commands:", "其他：", "Global Flags:", "通用选项：", "Flags:", "选项：",
	"Additional help topics:", "其他说明：", "[command]", "[命令]",
	"{{.UseLine}}", "{{chinese .UseLine}}", ".FlagUsages | trimTrailingWhitespaces", ".FlagUsages | chinese | trimTrailingWhitespaces",
	`Use "{{.CommandPath}} [command] --help" for more information about a command.`,
	`查看某个命令的说明：{{.CommandPath}} [命令] --help`,
).Replace((&cobra.Command{}).UsageTemplate())

// cobra keeps what templates can call for the whole process.
func init() { cobra.AddTemplateFunc("chinese", chineseUsage) }

var defaultOfFlag = regexp.MustCompile(`(?m) \(default (.*)\)$`)

// chineseUsage translates what cobra and pflag put into a usage unasked.
func chineseUsage(usage string) string {
	return defaultOfFlag.ReplaceAllString(strings.ReplaceAll(usage, "[flags]", "[选项]"), "（默认 $1）")
}
