#include "app/markdown/markdownblock.h"

#include "app/blocks/textdecorations.h"
#include "app/markdown/htmltokens.h"
#include "app/markdown/htmlwriter.h"
#include "app/markdown/markdownwriter.h"
#include "app/markdown/richtextwriter.h"
#include "app/theme/theme.h"

namespace farcell {

namespace {

// A Markdown cell or output.
class MarkdownBlock : public RichBlock
{
public:
    MarkdownBlock(const RenderContext &context, const QString &source, JsonText attachments,
                  const QString &baseDirectory, const QString &notebook)
        : RichBlock(context, std::move(attachments), baseDirectory)
    {
        MathEngine::Shared &shared = context.math.shared(notebook);
        m_math = extractMath(source, shared.labels);
        m_macros = shared.macros;
        for (auto it = m_math.labels.constBegin(); it != m_math.labels.constEnd(); ++it)
            shared.labels.insert(it.key(), it.value());
        // Cells are rendered again and again: a definition is kept once.
        if (!m_math.macros.isEmpty() && !shared.macros.contains(m_math.macros))
            shared.macros += m_math.macros;
        m_macros = shared.macros;
    }

protected:
    void build(QTextDocument &document, InlineObjects &inlineObjects) override
    {
        RichTextWriter writer(document, inlineObjects, context().theme.theme());
        writeMarkdown(m_math, m_macros, writer, *this);
    }

private:
    ExtractedMath m_math;
    QString m_macros;
};

// Static HTML: text, lists, images, small tables.
class HtmlBlock : public RichBlock
{
public:
    HtmlBlock(const RenderContext &context, std::vector<HtmlToken> tokens,
              const QString &baseDirectory)
        : RichBlock(context, {}, baseDirectory)
        , m_tokens(std::move(tokens))
    {
        setDoubleClickSelects(true);
    }

protected:
    void build(QTextDocument &document, InlineObjects &inlineObjects) override
    {
        RichTextWriter writer(document, inlineObjects, context().theme.theme());
        HtmlWriter html(
            writer,
            [&](const HtmlToken &image) {
                QString note;
                auto object = makeImage(image, &note);
                if (!object)
                    writeImageNote(writer, image.attribute(QLatin1String("alt")), note);
                return object;
            },
            [&](const QString &text) { writer.htmlText(text); });
        html.write(m_tokens);
        html.closeAll();
    }

private:
    std::vector<HtmlToken> m_tokens;
};

} // namespace

std::unique_ptr<TextBlock> makeMarkdown(const QString &source, const JsonText &attachments,
                                        const QString &baseDirectory, const RenderContext &context,
                                        const QString &notebook)
{
    return std::make_unique<MarkdownBlock>(context, source, attachments, baseDirectory, notebook);
}

std::unique_ptr<TextBlock> makeRichHtml(std::vector<HtmlToken> tokens, const QString &baseDirectory,
                                        const RenderContext &context)
{
    return std::make_unique<HtmlBlock>(context, std::move(tokens), baseDirectory);
}

std::unique_ptr<TextBlock> makeLatex(const QString &tex, const RenderContext &context,
                                     const QString &notebook)
{
    const QString trimmed = tex.trimmed();
    const bool delimited =
        trimmed.contains(QLatin1Char('$')) || trimmed.startsWith(QLatin1String("\\begin{")) ||
        trimmed.startsWith(QLatin1String("\\[")) || trimmed.startsWith(QLatin1String("\\("));
    auto block =
        makeMarkdown(delimited ? trimmed : QStringLiteral("$$") + trimmed + QStringLiteral("$$"),
                     {}, {}, context, notebook);
    block->setDoubleClickSelects(true);
    return block;
}

} // namespace farcell
