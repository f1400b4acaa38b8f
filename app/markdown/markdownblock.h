#pragma once

#include "app/blocks/textblock.h"
#include "app/markdown/mathengine.h"
#include "app/markdown/mathextract.h"
#include "app/markdown/rendercontext.h"
#include "core/notebook/jsontext.h"

#include <memory>

namespace farcell {

class StoredImage;
struct HtmlToken;

// Rich text with images and formulas: what Markdown cells and static HTML have in common.
// Subclasses write into the document; this makes the objects and keeps them up to date.
class RichBlock : public TextBlock
{
    Q_OBJECT
public:
    RichBlock(const RenderContext &context, JsonText attachments, QString baseDirectory);

    // The image for a Markdown or HTML source; null (and `note` says why) if it is not shown.
    [[nodiscard]] std::unique_ptr<InlineObject> makeImage(const QString &url, const QString &alt,
                                                          QSizeF wanted, QString *note);
    [[nodiscard]] std::unique_ptr<InlineObject> makeImage(const HtmlToken &image, QString *note);
    // Starts typesetting; tell the index once the object is in the document.
    [[nodiscard]] std::unique_ptr<InlineObject> makeMath(const MathSpan &span,
                                                         const QString &macros, const QFont &font);

protected:
    [[nodiscard]] const RenderContext &context() const { return m_context; }

private:
    [[nodiscard]] QByteArray imageBytes(const QString &url, QString *note) const;
    [[nodiscard]] QByteArray attachment(const QString &name) const;

    RenderContext m_context;
    JsonText m_attachments;
    QString m_baseDirectory;
};

// `notebook` names the macros and labels shared between cells.
[[nodiscard]] std::unique_ptr<TextBlock>
makeMarkdown(const QString &source, const JsonText &attachments, const QString &baseDirectory,
             const RenderContext &context, const QString &notebook = {});
// Sanitised static HTML as rich text.
[[nodiscard]] std::unique_ptr<TextBlock> makeRichHtml(std::vector<HtmlToken> tokens,
                                                      const QString &baseDirectory,
                                                      const RenderContext &context);
// One piece of TeX as text/latex outputs have it: delimiters or none, text around formulas.
[[nodiscard]] std::unique_ptr<TextBlock> makeLatex(const QString &tex, const RenderContext &context,
                                                   const QString &notebook = {});

} // namespace farcell
