#pragma once

#include <QString>

class QsciScintillaBase;

namespace farcell {

struct Language;

// What single keys do to the text of an editor beyond plain typing. Each works on the selection(s)
// as they are; the caller groups them into one undo step.
namespace EditCommands {

void newLine(QsciScintillaBase &editor, const Language &language);
// True if the character was handled: a pair closed, a selection wrapped, a closer typed over.
[[nodiscard]] bool typeCharacter(QsciScintillaBase &editor, QChar typed, const Language &language);
[[nodiscard]] bool deletePair(QsciScintillaBase &editor); // Backspace between "(" and ")"
void toggleComment(QsciScintillaBase &editor, const Language &language);
void indent(QsciScintillaBase &editor, bool back); // the lines of the selection
void addCaret(QsciScintillaBase &editor, bool above);
void selectNextOccurrence(QsciScintillaBase &editor);
[[nodiscard]] bool caretInLeadingSpace(QsciScintillaBase &editor);
[[nodiscard]] bool selectionSpansLines(QsciScintillaBase &editor);
// A place where completion makes sense: after an identifier, a dot or inside a path.
[[nodiscard]] bool caretAfterWord(QsciScintillaBase &editor);

} // namespace EditCommands

} // namespace farcell
