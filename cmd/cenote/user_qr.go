package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
	"rsc.io/qr"

	"github.com/cenote-id/cenote/client"
)

// showSecret shows the secret of an authenticator app: as a QR code of its URI, where
// somebody can see it, and as text.
func (t *terminal) showSecret(secret client.Secret, uri string) {
	if screen, ok := t.notes.(*os.File); ok && t.interactive && term.IsTerminal(int(screen.Fd())) {
		width, height, err := term.GetSize(int(screen.Fd()))
		if code, ok := drawQR(uri, width, height); ok && err == nil {
			fmt.Fprint(t.notes, code)
		}
	}
	t.note("Scan the code with an authenticator app, or type the secret into it:")
	t.note("%s", string(secret))
	t.note("%s", uri)
}

// quietZone is how many light modules there are around a code (ISO/IEC 18004 asks for 4;
// two will do where the next thing is far away, as on a screen).
const quietZone = 2

// drawQR draws the code of a text, two modules above each other in each character, black
// on white whatever the terminal's colours are. It does not where the code does not fit.
func drawQR(text string, width, height int) (string, bool) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", false
	}
	side := code.Size + 2*quietZone
	if side > width || (side+1)/2 > height {
		return "", false
	}
	var out strings.Builder
	for y := -quietZone; y < code.Size+quietZone; y += 2 {
		out.WriteString("\x1b[30;47m")
		for x := -quietZone; x < code.Size+quietZone; x++ {
			switch upper, lower := code.Black(x, y), code.Black(x, y+1); {
			case upper && lower:
				out.WriteRune('█')
			case upper:
				out.WriteRune('▀')
			case lower:
				out.WriteRune('▄')
			default:
				out.WriteByte(' ')
			}
		}
		out.WriteString("\x1b[0m\n")
	}
	return out.String(), true
}
