module example.org/bound

go 1.21
