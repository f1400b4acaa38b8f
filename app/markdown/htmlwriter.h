#pragma once

#include "app/markdown/htmltokens.h"

#include <QTextFormat>

#include <functional>
#include <memory>
#include <vector>

namespace farcell {

class InlineObject;
struct CssStyle;
class RichTextWriter;

// Writes sanitised HTML tokens as rich text. Elements may stay open between calls, as they do in
// Markdown where "<div>" and "</div>" are separate pieces with Markdown between them.
class HtmlWriter
{
public:
    // Makes the object for an <img>; null when there is none (its alt text is written instead).
    using ImageMaker = std::function<std::unique_ptr<InlineObject>(const HtmlToken &image)>;
    // Called for text, so that the caller can put formulas into it.
    using TextWriter = std::function<void(const QString &text)>;

    HtmlWriter(RichTextWriter &writer, ImageMaker images, TextWriter text);

    void write(const std::vector<HtmlToken> &tokens);
    void write(const std::vector<HtmlToken> &tokens, size_t from, size_t to);
    // Closes what is still open: all of it, or only inline elements (at a paragraph's end).
    void closeAll();
    void closeInline();

private:
    struct Open
    {
        QString name;
        bool format = false;
        bool alignment = false;
        bool indent = false;
        bool quote = false;
        bool block = false;
        bool list = false;
        bool hidden = false;
    };
    struct List
    {
        bool ordered = false;
        int next = 1;
    };

    void start(const HtmlToken &token);
    void end(const QString &name);
    void close(const Open &open);
    bool startInline(const HtmlToken &token, Open &open);
    void startBlockElement(const HtmlToken &token, Open &open);
    [[nodiscard]] QColor readable(const QColor &ink, const CssStyle &style) const;
    void applyStyle(const HtmlToken &token, Open &open);
    void writeText(const HtmlToken &token);
    // Writes the table that starts at `from`; returns the index after it.
    size_t writeTable(const std::vector<HtmlToken> &tokens, size_t from, size_t to);

    RichTextWriter &m_writer;
    ImageMaker m_images;
    TextWriter m_text;
    std::vector<Open> m_open;
    std::vector<List> m_lists;
    int m_preDepth = 0;
    int m_hiddenDepth = 0;
};

} // namespace farcell
