// Package docs is the documentation, as files; it is served at /docs.
package docs

import "embed"

// Files are the pages, in Markdown.
//
//go:embed *.md decisions/*.md
var Files embed.FS
