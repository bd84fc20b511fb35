package monitoring

// operations is about machines: requests, the Go runtime, the process.
func operations() board {
	return board{
		name: "operations", zh: "运行：请求、进程、抓取",
		en: "Machines: requests by route, the Go runtime, the process, and what is scraped.",
		charts: []chart{
			number("抓取正常", "Whether Prometheus reaches each target: xinfang, and the nodes of EventStoreDB.", "", redBelowOne,
				query{`min by (job, instance) (up)`, "{{job}} {{instance}}"}).saying(yesNo),
			number("正在响的告警", "Alarms that sound, by severity.", "", redFromOne,
				query{`sum by (severity) (ALERTS{alertstate="firing"})`, "{{severity}}"}),
			number("5xx / 全部请求（1 小时）", "Answers in an hour that were errors of the server, of all answers: numerator and denominator.", "", nil,
				query{`sum(increase(http_request_duration_seconds_count{code_class="5xx"}[1h]))`, "5xx"},
				query{`sum(increase(http_request_duration_seconds_count[1h]))`, "全部"}),
			number("运行时间", "Since the process started.", "s", nil,
				query{`time() - max by (instance) (process_start_time_seconds{job="xinfang"})`, "{{instance}}"}),
			course("请求速率", "Requests a second, by route.", "reqps",
				query{`sum by (route) (rate(http_request_duration_seconds_count[$__rate_interval]))`, "{{route}}"}),
			course("请求耗时（第九十五百分位）", "95th percentile of answers, by route.", "s",
				query{`histogram_quantile(0.95, sum by (le, route) (rate(http_request_duration_seconds_bucket[$__rate_interval])))`, "{{route}}"}),
			course("未成功的答复", "Answers a second that were refusals (4xx) or errors (5xx).", "reqps",
				query{`sum by (code_class) (rate(http_request_duration_seconds_count{code_class=~"4xx|5xx"}[$__rate_interval]))`, "{{code_class}}"}),
			course("业务命令", "Commands on cases a second, by what came of them. Refusals cite the article of law.", "ops",
				query{`sum by (result) (rate(xinfang_commands_total[$__rate_interval]))`, "{{result}}"}),
			course("处理器", "Processors used.", "",
				query{`sum by (instance) (rate(process_cpu_seconds_total{job="xinfang"}[$__rate_interval]))`, "{{instance}}"}),
			course("内存", "Memory of the process, and of it the Go heap.", "bytes",
				query{`max by (instance) (process_resident_memory_bytes{job="xinfang"})`, "进程 {{instance}}"},
				query{`max by (instance) (go_memstats_heap_alloc_bytes{job="xinfang"})`, "Go 堆 {{instance}}"}),
			course("协程与文件", "Goroutines, and open files of those allowed.", "",
				query{`max by (instance) (go_goroutines{job="xinfang"})`, "协程 {{instance}}"},
				query{`max by (instance) (process_open_fds{job="xinfang"})`, "打开的文件 {{instance}}"},
				query{`max by (instance) (process_max_fds{job="xinfang"})`, "允许的文件 {{instance}}"}),
			course("垃圾回收停顿", "The longest pause of garbage collection.", "s",
				query{`max by (instance) (go_gc_duration_seconds{job="xinfang",quantile="1"})`, "{{instance}}"}),
			{kind: table, zh: "版本", en: "Which program runs where.", width: 24, height: 5,
				queries: []query{{`max by (instance, version, revision, goversion, store) (xinfang_build_info)`, "运行中"}}},
		},
	}
}
