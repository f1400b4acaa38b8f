#pragma once

#include <QString>

#include <vector>

namespace farcell {

// A piece of code and what it is, for colouring fenced code in Markdown.
struct CodeSpan
{
    enum class Kind
    {
        Keyword,
        Builtin,
        String,
        Number,
        Comment,
        Function,
        Decorator,
        Magic
    };
    int start = 0;
    int length = 0;
    Kind kind = Kind::Keyword;
};

// Colours for display only: a word and string scanner that knows a dozen languages by their
// keywords and comment signs. `language` is the fence's info word; unknown ones are left plain.
[[nodiscard]] std::vector<CodeSpan> highlightCode(const QString &code, const QString &language);

} // namespace farcell
