#include "app/editor/julialexer.h"

#include <QByteArray>
#include <Qsci/qsciscintillabase.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace farcell {

namespace {

using S = JuliaStyle;
using In = JuliaState::In;

constexpr auto keywords = std::to_array<std::string_view>(
    {"abstract", "baremodule", "begin",  "break",  "catch",     "const",   "continue", "do",
     "else",     "elseif",     "end",    "export", "false",     "finally", "for",      "function",
     "global",   "if",         "import", "in",     "isa",       "let",     "local",    "macro",
     "module",   "mutable",    "public", "quote",  "primitive", "return",  "struct",   "true",
     "try",      "using",      "where",  "while"});
constexpr auto openers = std::to_array<std::string_view>(
    {"abstract", "baremodule", "begin", "do", "for", "function", "if", "let", "macro", "module",
     "primitive", "quote", "struct", "try", "while"});
constexpr auto builtins = std::to_array<std::string_view>(
    {"abs",     "all",     "any",     "append!",   "collect", "convert", "copy",    "count",
     "cos",     "delete!", "display", "eachindex", "eltype",  "error",   "exp",     "filter",
     "findall", "first",   "get",     "haskey",    "isempty", "join",    "keys",    "last",
     "length",  "log",     "map",     "max",       "maximum", "min",     "minimum", "missing",
     "nothing", "ones",    "pi",      "pop!",      "print",   "println", "push!",   "rand",
     "range",   "repeat",  "reshape", "show",      "sin",     "size",    "sort",    "split",
     "sqrt",    "string",  "sum",     "throw",     "typeof",  "values",  "zeros",   "zip"});

template <size_t N>
bool has(const std::array<std::string_view, N> &words, std::string_view word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

bool startsWord(char c)
{
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80; // letters of other scripts
}

bool continuesWord(char c)
{
    return startsWord(c) || c == '!' || std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::string_view closerOf(In in)
{
    switch (in) {
    case In::LongText:
    case In::RawLongText:
        return R"(""")";
    case In::Command:
        return "`";
    case In::LongCommand:
        return "```";
    default:
        return "\"";
    }
}

class LineScanner
{
public:
    LineScanner(std::string_view line, JuliaState &state, JuliaStyle *styles)
        : m_line(line)
        , m_state(state)
        , m_styles(styles)
    {}

    int run()
    {
        while (m_at < m_line.size()) {
            if (m_state.comments > 0)
                readComment();
            else if (m_state.in != In::Code)
                readText();
            else
                readCode();
        }
        return m_blocks;
    }

private:
    [[nodiscard]] bool sees(std::string_view text) const
    {
        return m_line.substr(m_at, text.size()) == text;
    }
    [[nodiscard]] char at(size_t place) const
    {
        return place < m_line.size() ? m_line[place] : '\0';
    }
    void take(size_t count, S style)
    {
        const size_t end = std::min(m_at + count, m_line.size());
        std::fill(m_styles + m_at, m_styles + end, style);
        m_at = end;
    }
    [[nodiscard]] size_t wordEnd(size_t from) const
    {
        while (from < m_line.size() && continuesWord(m_line[from]) &&
               !(m_line[from] == '!' && at(from + 1) == '=')) // "a!=b"
            ++from;
        return from;
    }

    void readComment()
    {
        if (sees("=#")) {
            --m_state.comments;
            take(2, S::Comment);
        } else if (sees("#=")) {
            ++m_state.comments;
            take(2, S::Comment);
        } else {
            take(1, S::Comment);
        }
    }

    void readText()
    {
        const std::string_view closer = closerOf(m_state.in);
        const bool isRaw = m_state.in == In::RawText || m_state.in == In::RawLongText;
        if (sees(closer)) {
            take(closer.size(), S::String);
            m_state.in = In::Code;
            m_mayTranspose = true;
        } else if (m_line[m_at] == '\\') {
            take(2, S::String);
        } else if (!isRaw && m_line[m_at] == '$' && at(m_at + 1) == '(') {
            take(interpolationEnd() - m_at, S::Interpolation);
        } else if (!isRaw && m_line[m_at] == '$' && startsWord(at(m_at + 1))) {
            take(wordEnd(m_at + 1) - m_at, S::Interpolation);
        } else {
            take(1, S::String);
        }
    }

    // Behind the parenthesis that closes "$(", with the strings inside; else the line's end.
    [[nodiscard]] size_t interpolationEnd() const
    {
        int depth = 0;
        bool inText = false;
        for (size_t i = m_at + 1; i < m_line.size(); ++i) {
            const char c = m_line[i];
            if (inText && c == '\\')
                ++i;
            else if (c == '"')
                inText = !inText;
            else if (!inText && c == '(')
                ++depth;
            else if (!inText && c == ')' && --depth == 0)
                return i + 1;
        }
        return m_line.size();
    }

    void readCode()
    {
        const char c = m_line[m_at];
        if (c == '#')
            beginComment();
        else if (c == '"' || c == '`')
            beginText(false);
        else if (c == '\'')
            readQuote();
        else if (std::isdigit(static_cast<unsigned char>(c)) != 0)
            readNumber();
        else if (c == '@' && startsWord(at(m_at + 1)))
            take(wordEnd(m_at + 1) - m_at, S::Macro);
        else if (c == ':' && startsWord(at(m_at + 1)) && !m_mayTranspose && !follows(':'))
            take(wordEnd(m_at + 1) - m_at, S::Symbol);
        else if (startsWord(c))
            readWord();
        else
            readSign(c);
    }

    [[nodiscard]] bool follows(char c) const { return m_at > 0 && m_line[m_at - 1] == c; }

    void beginComment()
    {
        if (at(m_at + 1) == '=') {
            m_state.comments = 1;
            take(2, S::Comment);
        } else {
            take(m_line.size() - m_at, S::Comment);
        }
    }

    void beginText(bool isRaw)
    {
        if (sees(R"(""")")) {
            m_state.in = isRaw ? In::RawLongText : In::LongText;
            take(3, S::String);
        } else if (sees("```")) {
            m_state.in = In::LongCommand;
            take(3, S::String);
        } else {
            m_state.in = m_line[m_at] == '`' ? In::Command : isRaw ? In::RawText : In::Text;
            take(1, S::String);
        }
    }

    // A character, or the sign of the transposed matrix.
    void readQuote()
    {
        size_t end = m_at + 1;
        if (!m_mayTranspose) {
            if (at(end) == '\\') {
                end += 2;
                while (end < m_line.size() && end < m_at + 12 && m_line[end] != '\'')
                    ++end;
            } else if (end < m_line.size()) {
                ++end;
                while ((static_cast<unsigned char>(at(end)) & 0xC0U) == 0x80U)
                    ++end;
            }
            if (at(end) == '\'') {
                take(end + 1 - m_at, S::Character);
                m_mayTranspose = true;
                return;
            }
        }
        take(1, S::Operator);
    }

    void readNumber()
    {
        const bool isHex = m_line[m_at] == '0' &&
                           (at(m_at + 1) == 'x' || at(m_at + 1) == 'b' || at(m_at + 1) == 'o');
        size_t end = m_at + (isHex ? 2 : 1);
        while (end < m_line.size()) {
            const auto c = static_cast<unsigned char>(m_line[end]);
            const bool isExponent = !isHex && (c == 'e' || c == 'E' || c == 'f');
            const char next = at(end + 1);
            const bool isSigned = next == '-' || next == '+';
            const bool isDigit = (isHex ? std::isxdigit(c) : std::isdigit(c)) != 0 || c == '_';
            if (isDigit || (c == '.' && std::isdigit(static_cast<unsigned char>(next)) != 0))
                ++end;
            else if (isExponent &&
                     std::isdigit(static_cast<unsigned char>(isSigned ? at(end + 2) : next)) != 0)
                end += isSigned ? 2 : 1;
            else
                break;
        }
        take(end - m_at, S::Number);
        m_mayTranspose = true;
    }

    void readWord()
    {
        const size_t end = wordEnd(m_at);
        const std::string_view word = m_line.substr(m_at, end - m_at);
        if (at(end) == '"') { // r"…", raw"…", md"""…"""
            take(word.size(), S::String);
            beginText(true);
            return;
        }
        const bool isField = follows('.') && !(m_at > 1 && m_line[m_at - 2] == '.');
        const bool isTypeWord =
            word == "type" && (m_before == "abstract" || m_before == "primitive");
        const bool isKeyword = !isField && (isTypeWord || has(keywords, word));
        if (isKeyword) {
            countBlock(word);
            take(word.size(), S::Keyword);
        } else if (m_before == "function" || m_before == "macro") {
            take(word.size(), at(end) == '.' ? S::Plain : S::Function);
            if (at(m_at) == '.')
                return; // "function Base.show": the last part is the name
        } else if (std::isupper(static_cast<unsigned char>(word.front())) != 0) {
            take(word.size(), S::Type);
        } else {
            take(word.size(), !isField && has(builtins, word) ? S::Builtin : S::Plain);
        }
        m_before = isKeyword ? word : std::string_view();
        m_mayTranspose = !isKeyword || word == "end";
    }

    void countBlock(std::string_view word)
    {
        if (m_state.brackets > 0)
            return;
        if (word == "end")
            --m_blocks;
        else if (has(openers, word))
            ++m_blocks;
    }

    void readSign(char c)
    {
        if (c == '[' || c == '(')
            ++m_state.brackets;
        else if (c == ']' || c == ')')
            m_state.brackets = std::max(0, m_state.brackets - 1);
        const bool isSpace = std::isspace(static_cast<unsigned char>(c)) != 0;
        if (!isSpace && c != '.')
            m_before = {};
        m_mayTranspose = c == ')' || c == ']' || c == '}' || c == '.';
        take(1, isSpace ? S::Plain : S::Operator);
    }

    std::string_view m_line;
    JuliaState &m_state;
    JuliaStyle *m_styles;
    size_t m_at = 0;
    int m_blocks = 0;
    bool m_mayTranspose = false; // something stands right before that can be transposed
    std::string_view m_before;   // the keyword before this word
};

constexpr int commentShift = 4;
constexpr int bracketShift = 12;
constexpr int depthMask = 0xFF;

int packed(const JuliaState &state)
{
    return static_cast<int>(state.in) | std::min(state.comments, depthMask) << commentShift |
           std::min(state.brackets, depthMask) << bracketShift;
}

JuliaState unpacked(int value)
{
    JuliaState state;
    state.in = static_cast<In>(value & 0xF);
    state.comments = value >> commentShift & depthMask;
    state.brackets = value >> bracketShift & depthMask;
    return state;
}

} // namespace

int scanJuliaLine(std::string_view line, JuliaState &state, JuliaStyle *styles)
{
    return LineScanner(line, state, styles).run();
}

// Always to the text's end: setting a fold level makes Scintilla look further down, which would ask
// for more colours in the midst of ours.
void styleJulia(QsciScintillaBase &view)
{
    using Sci = QsciScintillaBase;
    const auto ask = [&view](unsigned int what, long a = 0, long b = 0) {
        return view.SendScintilla(what, static_cast<unsigned long>(a), b);
    };
    const long first = ask(Sci::SCI_LINEFROMPOSITION, ask(Sci::SCI_GETENDSTYLED));
    const long lines = ask(Sci::SCI_GETLINECOUNT);
    JuliaState state;
    int level = Sci::SC_FOLDLEVELBASE;
    if (first > 0) { // a line's state is that at its end
        state = unpacked(static_cast<int>(ask(Sci::SCI_GETLINESTATE, first - 1)));
        level = static_cast<int>(ask(Sci::SCI_GETFOLDLEVEL, first - 1) >> 16);
    }
    ask(Sci::SCI_STARTSTYLING, ask(Sci::SCI_POSITIONFROMLINE, first));
    std::vector<JuliaStyle> styles;
    std::vector<int> blocks;
    for (long line = first; line < lines; ++line) {
        const long size = ask(Sci::SCI_LINELENGTH, line);
        QByteArray text(static_cast<qsizetype>(size) + 1, '\0');
        view.SendScintilla(Sci::SCI_GETLINE, static_cast<unsigned long>(line), text.data());
        styles.assign(static_cast<size_t>(size) + 1, S::Plain);
        blocks.push_back(
            scanJuliaLine({text.constData(), static_cast<size_t>(size)}, state, styles.data()));
        view.SendScintilla(Sci::SCI_SETSTYLINGEX, static_cast<unsigned long>(size),
                           reinterpret_cast<const char *>(styles.data()));
        ask(Sci::SCI_SETLINESTATE, line, packed(state));
    }
    for (long line = first; line < lines; ++line) {
        const int next =
            std::max<int>(Sci::SC_FOLDLEVELBASE, level + blocks[static_cast<size_t>(line - first)]);
        const int head = next > level ? Sci::SC_FOLDLEVELHEADERFLAG : 0;
        ask(Sci::SCI_SETFOLDLEVEL, line, level | head | next << 16);
        level = next;
    }
}

} // namespace farcell
