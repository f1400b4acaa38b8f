#pragma once

#include <string_view>

class QsciScintillaBase;

namespace farcell {

// Colours and folds of Julia code, for which Scintilla 3 has no lexer.

// Style numbers given to the text.
enum class JuliaStyle : char
{
    Plain,
    Comment,
    Number,
    String,
    Character,
    Keyword,
    Builtin,
    Type,
    Function, // where it is defined
    Macro,
    Symbol,
    Operator,
    Interpolation
};

// What a line begins in; kept as Scintilla's line state.
struct JuliaState
{
    enum In
    {
        Code,
        Text,        // "…"
        LongText,    // """…"""
        Command,     // `…`
        LongCommand, // ```…```
        RawText,     // r"…", raw"…": no interpolation
        RawLongText
    };
    In in = Code;
    int comments = 0; // how deep in #= … =#
    int brackets = 0; // open [ and (: "end" is an index there, "for" and "if" belong to a generator
};

// Styles one line of UTF-8 and moves `state` behind it; `styles` has room for each byte. Returns by
// how many blocks the line opens (> 0) or closes (< 0).
int scanJuliaLine(std::string_view line, JuliaState &state, JuliaStyle *styles);

// Styles what Scintilla says is not styled yet, and sets fold levels.
void styleJulia(QsciScintillaBase &view);

} // namespace farcell
