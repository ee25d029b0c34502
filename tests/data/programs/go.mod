module gxt/programs

go 1.22
