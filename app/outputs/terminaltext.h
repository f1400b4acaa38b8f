#pragma once

#include <QString>

#include <cstdint>
#include <deque>
#include <vector>

namespace farcell {

// How a piece of terminal text looks. Colours: none, one of the theme's 16, or an RGB value.
struct TerminalStyle
{
    enum class ColorKind : uint8_t
    {
        Default,
        Indexed,
        Rgb
    };
    struct Color
    {
        ColorKind kind = ColorKind::Default;
        uint32_t value = 0; // index 0..15, or 0xRRGGBB
        friend bool operator==(const Color &, const Color &) = default;
    };

    Color foreground, background;
    bool bold = false, faint = false, italic = false, underline = false, inverse = false,
         strike = false;
    int link = -1; // index into TerminalText::links() (OSC 8)
    friend bool operator==(const TerminalStyle &, const TerminalStyle &) = default;
};

// One line: its text, and where its style changes. No runs: default style throughout.
struct TerminalLine
{
    struct Run
    {
        int start = 0;
        int style = 0; // index into TerminalText::styles(); 0 is the default style
    };
    QString text;
    std::vector<Run> runs; // ascending; the first starts at 0
    bool simple = true;    // only characters one cell wide: columns are indices
};

// Text as a terminal shows it: what programs write, with carriage returns, backspaces, cursor
// moves, erasing and colours applied. Append-only: each chunk is parsed once, escape sequences
// may be split between chunks. A value, any thread. Not here: wrapping and painting.
//
// Differences from a real terminal, on purpose (jupyter.md 7.4): there is no right edge, nothing
// scrolls away, and "\n" always opens a line below the last one unless the cursor was moved up.
// Of very long text only the end is kept: what is seen of an output; the document has all of it.
class TerminalText
{
public:
    TerminalText();

    void append(QStringView chunk);
    void clear();

    static constexpr int maxLines = 5'000; // kept at least, and at most a quarter more
    static constexpr qsizetype maxCharacters = qsizetype{1} << 20;
    static constexpr int maxLineLength = 200'000; // a longer line is broken

    [[nodiscard]] const std::deque<TerminalLine> &lines() const { return m_lines; }
    [[nodiscard]] const std::vector<TerminalStyle> &styles() const { return m_styles; }
    [[nodiscard]] const std::vector<QString> &links() const { return m_links; }
    // The first line that append() may have changed since the last call; lines() size if none.
    int takeFirstChanged();
    // How many lines went away at the start since the last call. The others count from there.
    int takeDropped();
    [[nodiscard]] bool isCut() const { return m_isCut; } // the start is no longer here
    [[nodiscard]] QString plainText() const;
    [[nodiscard]] bool endsWithNewline() const; // the last line is empty and was just opened

private:
    enum class State : uint8_t
    {
        Text,
        Escape,
        Csi,
        Osc,
        OscEscape,
        Charset
    };

    void dropOldest();
    void write(QStringView text);
    void newline();
    void moveRow(int delta);
    void setColumn(int column);
    void eraseLine(int mode);
    void eraseScreen(int mode);
    void overwrite(TerminalLine &line, int column, QStringView text);
    static void setRuns(TerminalLine &line, int start, int length, int style);
    [[nodiscard]] int currentStyle();
    void touch(int row);
    [[nodiscard]] TerminalLine &line() { return m_lines[static_cast<size_t>(m_row)]; }

    // terminalsequences.cpp
    void parse(QStringView chunk);
    void control(char16_t c);
    void finishCsi(char16_t final);
    void finishOsc();
    void resetPen();
    void applySgr(const std::vector<int> &parameters);
    size_t applyExtendedColor(const std::vector<int> &parameters, size_t at);

    std::deque<TerminalLine> m_lines;
    qsizetype m_characters = 0; // in the lines, at most
    int m_dropped = 0;
    bool m_isCut = false;
    std::vector<TerminalStyle> m_styles;
    std::vector<QString> m_links;
    TerminalStyle m_pen;
    int m_penIndex = 0; // -1: m_pen changed, look it up
    int m_row = 0;
    int m_column = 0;
    int m_firstChanged = 0;
    State m_state = State::Text;
    QString m_sequence; // parameters of the sequence being read
};

// True if every character takes one cell and needs no shaping: Latin, Greek, Cyrillic, box drawing.
[[nodiscard]] bool isSimpleText(QStringView text);
// Cells a character takes in a terminal: 0 combining, 2 East Asian wide or emoji, else 1.
[[nodiscard]] int cellWidth(char32_t c);

} // namespace farcell
