#pragma once

#include <QByteArray>
#include <QString>

#include <span>

class QsciScintillaBase;

namespace farcell {

// What a piece of code is, independent of the lexer; the theme has a colour for each.
enum class SyntaxRole
{
    Plain,
    Keyword,
    Builtin,
    String,
    Escape,
    Number,
    Comment,
    Function,
    Type,
    Decorator,
    Operator,
    Magic,
    Error,
    Heading, // Markdown: strong, in the text colour
    Strong,
    Emphasis
};

struct StyleRole
{
    int style;
    SyntaxRole role;
};

// How one language is coloured and edited. Constant data; pointers live for ever.
struct Language
{
    const char *name;                      // "python"
    const char *lexer;                     // Scintilla's name, "null" for plain text; or null
    std::span<const char *const> keywords; // one string per keyword set
    std::span<const StyleRole> styles;
    const char *lineComment; // "#"; null if the language has only block comments
    const char *blockOpen;   // "<!--" or null
    const char *blockClose;
    bool colonIndents; // Python: ':' at the end of a line opens a block
    bool prose;        // wrapped, no brackets closed, no completion
    // Without a lexer of Scintilla: styles what is not styled yet of a view's text.
    void (*style)(QsciScintillaBase &view) = nullptr;
};

// The language of this name as kernels, magics and files spell it ("ir", "py", "C++17"), or
// plain text.
[[nodiscard]] const Language &languageByName(const QString &name);
[[nodiscard]] const Language &markdownLanguage();
[[nodiscard]] const Language &plainLanguage();

// The language a code cell is written in: the kernel's, or that of its cell magic ("%%bash").
[[nodiscard]] const Language &languageOfCell(const QString &source, const Language &kernel);

} // namespace farcell
