package message

import (
	"html"
	"regexp"
	"strings"
)

// What of a mail's HTML matters to a reader of text. Tags are found by their brackets: a mail
// that is not well-formed gives worse text, and nothing else comes of it.
var (
	unreadable = regexp.MustCompile(`(?is)<!--.*?-->|<head\b.*?</head\s*>|<style\b.*?</style\s*>|<script\b.*?</script\s*>|<title\b.*?</title\s*>`)
	anchor     = regexp.MustCompile(`(?is)<a\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>(.*?)</a\s*>`)
	paragraph  = regexp.MustCompile(`(?i)</(?:p|table|ul|ol|pre|blockquote|h[1-6])\b[^>]*>`)
	block      = regexp.MustCompile(`(?i)</?(?:br|hr|p|div|li|tr|h[1-6]|table|ul|ol|pre|blockquote|body|center)\b[^>]*>`)
	cell       = regexp.MustCompile(`(?i)</?t[dh]\b[^>]*>`)
	tag        = regexp.MustCompile(`(?s)</?[a-zA-Z!][^>]*>`)
	spaces     = regexp.MustCompile(`[\s\x{a0}]+`)
	blanks     = regexp.MustCompile(`[ \t\x{a0}]+`)
	aroundEnd  = regexp.MustCompile(` ?\n ?`)
	emptyLines = regexp.MustCompile(`\n{3,}`)
)

// plainText returns what a mail's HTML says, one line for a line, with the targets of its
// links behind their labels.
func plainText(body string) string {
	s := unreadable.ReplaceAllString(body, " ")
	s = spaces.ReplaceAllString(s, " ")
	s = anchor.ReplaceAllStringFunc(s, func(found string) string {
		parts := anchor.FindStringSubmatch(found)
		target, label := parts[1]+parts[2], strings.TrimSpace(tag.ReplaceAllString(parts[3], ""))
		if label == target || label == "" {
			return target
		}
		return label + " (" + target + ")"
	})
	s = paragraph.ReplaceAllString(s, "\n\n")
	s = block.ReplaceAllString(s, "\n")
	s = cell.ReplaceAllString(s, " ")
	s = html.UnescapeString(tag.ReplaceAllString(s, ""))
	s = blanks.ReplaceAllString(s, " ")
	s = aroundEnd.ReplaceAllString(s, "\n")
	return strings.TrimSpace(emptyLines.ReplaceAllString(s, "\n\n"))
}
