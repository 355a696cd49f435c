module github.com/cenote-id/cenote

go 1.26
