package main

func headers() {
	good := func(head string) *file {
		f := begin(26)
		f.bytes = []byte(head)
		return f.gen(1).batch(1, 5, 1000, on(5, 1, 1)).end()
	}
	for _, h := range []struct{ name, head string }{
		{"plain", "go 1.26 trace\x00\x00\x00"}, {"leading-zeros", "go 1.0026 trace\x00\x00\x00"}, {"spaces", "go 1.26    trace\x00\x00\x00"}, {"spaces-after-go", "go    1.26 trace\x00\x00\x00"},
		{"space-before-number", "go 1. 26 trace\x00\x00\x00"}, {"tab", "go\t1.26\ttrace\x00\x00\x00"}, {"no-space", "go1.26 trace\x00\x00\x00"}, {"no-space-before-trace", "go 1.26trace\x00\x00\x00"},
		{"newline", "go 1.26\ntrace\x00\x00\x00"}, {"plus", "go 1.+26 trace\x00\x00\x00"}, {"minus", "go 1.-26 trace\x00\x00\x00"}, {"hex", "go 1.0x1a trace\x00\x00\x00"},
		{"underscore", "go 1.2_6 trace\x00\x00\x00"}, {"octal", "go 1.032 trace\x00\x00\x00"}, {"octal-0o", "go 1.0o32 trace\x00\x00\x00"}, {"binary", "go 1.0b11010 trace\x00\x00\x00"}, {"too-large", "go 1.4294967322 trace\x00\x00\x00"},
		{"far-too-large", "go 1.99999999999999999999999 trace\x00\x00\x00"}, {"two-zero-bytes", "go 1.26 trace\x00\x00"}, {"four-zero-bytes", "go 1.26 trace\x00\x00\x00\x00"}, {"leading-space", " go 1.26 trace\x00\x00\x00"},
		{"upper-case", "GO 1.26 trace\x00\x00\x00"}, {"1.24", "go 1.24 trace\x00\x00\x00"}, {"1.20", "go 1.20 trace\x00\x00\x00"}, {"1.27", "go 1.27 trace\x00\x00\x00"}, {"1.5", "go 1.5 trace\x00\x00\x00"}, {"2.26", "go 2.26 trace\x00\x00\x00"},
		{"carriage-return", "go 1.26\r\ntrace\x00\x00\x00"}, {"wide-space", "go 1.26\u00a0trace\x00\x00\x00"}, {"ideographic-space", "go 1.26\u3000trace\x00\x00\x00"}, {"no-number", "go 1. trace\x00\x00\x00"}, {"cut", "go 1.26 tra"},
	} {
		f := good(h.head)
		if h.name == "cut" {
			f = with(h.head)
		}
		show("header-"+h.name, "headers are read by Fscanf with the format \"go 1.%d trace\" and three zero bytes", f)
	}
	show("header-of-an-empty-file", "no byte at all", with(""))
}
