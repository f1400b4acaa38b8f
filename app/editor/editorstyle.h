#pragma once

#include "app/editor/languages.h"

class QsciScintillaBase;

namespace farcell {

struct Theme;

// Numbers the editor uses in Scintilla's shared number spaces.
namespace EditorMark {
constexpr int lineNumberMargin = 0;
constexpr int foldMargin = 1;
constexpr int foldMarginWidth = 14;
constexpr int magicIndicator = 8;
constexpr int findIndicator = 9;
constexpr int findCurrentIndicator = 10;
} // namespace EditorMark

// Colours and fonts of a view for one language. Styles belong to a Scintilla view, the lexer to
// its document: apply both, each to its own.
void applyStyles(QsciScintillaBase &view, const Language &language, const Theme &theme);
// Lexer, keywords and folding of the document that is in `view` now.
void applyLexer(QsciScintillaBase &view, const Language &language);
// Things that do not depend on the language: caret, selection, margins, markers.
void applyViewColours(QsciScintillaBase &view, const Theme &theme);

} // namespace farcell
