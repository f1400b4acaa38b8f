#include "core/nbformat/exporters.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

#include <cstdlib>
#include <memory>
#include <mutex>

namespace farcell::nbformat {

namespace {

// No script runs and nothing is fetched, whatever an output holds.
constexpr const char *pageHead = R"(<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; font-src data:">
<style>
:root { color-scheme: light dark; --text: #1f2328; --back: #ffffff; --box: #f5f6f8; --line: #d9dde3; --quiet: #6a737d; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e4e6ea; --back: #16181c; --box: #1f2228; --line: #343a43; --quiet: #9aa3ad; --bad: #ff8a80; } }
body { margin: 0 auto; max-width: 60rem; padding: 2rem 1.5rem 4rem; background: var(--back); color: var(--text); font: 16px/1.6 system-ui, sans-serif; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 .5em; }
pre, code { font-family: ui-monospace, "JetBrains Mono", "DejaVu Sans Mono", monospace; font-size: .875rem; }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5; }
p code, li code, td code { background: var(--box); border-radius: 4px; padding: .1em .35em; }
.cell { margin: 1rem 0; }
.cell > pre, .text pre { background: var(--box); border: 1px solid var(--line); border-radius: 8px; padding: .75rem 1rem; }
.count { color: var(--quiet); font-size: .75rem; margin: 0 0 .25rem; }
.outputs { padding: .5rem 1rem 0; overflow-x: auto; }
.outputs > * { margin: .5rem 0; }
.error { color: var(--bad); }
img { max-width: 100%; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid var(--line); color: var(--quiet); }
</style>
)";

QString preformatted(const QString &text, const char *cssClass)
{
    return QStringLiteral("<pre class=\"%1\">%2</pre>\n")
        .arg(QLatin1String(cssClass), withoutTerminalCodes(text).toHtmlEscaped());
}

QString textOf(const MimeBundle &data, QStringView mime)
{
    const JsonText *const value = data.find(mime);
    return value != nullptr ? value->toMultilineString().value_or(QString()) : QString();
}

QString dataHtml(const MimeBundle &data)
{
    if (const QString html = textOf(data, u"text/html"); !html.isEmpty())
        return QStringLiteral("<div>%1</div>\n").arg(html);
    if (const QString markdown = textOf(data, u"text/markdown"); !markdown.isEmpty())
        return QStringLiteral("<div class=\"text\">%1</div>\n").arg(markdownToHtml(markdown));
    if (const QString url = pictureUrl(data); !url.isEmpty())
        return QStringLiteral("<img alt=\"%1\" src=\"%2\">\n")
            .arg(textOf(data, u"text/plain").toHtmlEscaped(), url.toHtmlEscaped());
    for (const char *const mime : {"text/latex", "text/plain"}) {
        const QString text = textOf(data, QString::fromLatin1(mime));
        if (!text.isEmpty())
            return preformatted(text, "result");
    }
    return {};
}

QString outputHtml(const Output &output)
{
    switch (output.kind) {
    case OutputKind::Stream:
        return preformatted(
            output.text, output.streamName == QLatin1String("stderr") ? "stream stderr" : "stream");
    case OutputKind::Error:
        return preformatted(output.traceback.isEmpty()
                                ? output.errorName + QStringLiteral(": ") + output.errorValue
                                : output.traceback.join(QLatin1Char('\n')),
                            "error");
    case OutputKind::DisplayData:
    case OutputKind::ExecuteResult:
        return dataHtml(output.data);
    case OutputKind::Unknown:
        break;
    }
    return {};
}

QString codeCellHtml(const Cell &cell, const QString &language)
{
    const QString count =
        cell.executionCount ? QString::number(*cell.executionCount) : QStringLiteral(" ");
    QString html =
        QStringLiteral("<section class=\"cell\">\n<p class=\"count\">[%1]</p>\n").arg(count);
    html += QStringLiteral("<pre><code class=\"language-%1\">%2</code></pre>\n")
                .arg(language.toHtmlEscaped(), cell.source.toHtmlEscaped());
    QString outputs;
    for (const Output &output : cell.outputs.items())
        outputs += outputHtml(output);
    if (!outputs.isEmpty())
        html += QStringLiteral("<div class=\"outputs\">\n") + outputs + QStringLiteral("</div>\n");
    return html + QStringLiteral("</section>\n");
}

} // namespace

QString markdownToHtml(const QString &markdown)
{
    static std::once_flag registered;
    std::call_once(registered, cmark_gfm_core_extensions_ensure_registered);
    const std::unique_ptr<cmark_parser, decltype(&cmark_parser_free)> parser(
        cmark_parser_new(CMARK_OPT_DEFAULT), &cmark_parser_free);
    for (const char *const name : {"table", "strikethrough", "autolink", "tasklist"}) {
        if (cmark_syntax_extension *const extension = cmark_find_syntax_extension(name))
            cmark_parser_attach_syntax_extension(parser.get(), extension);
    }
    const QByteArray utf8 = markdown.toUtf8();
    cmark_parser_feed(parser.get(), utf8.constData(), static_cast<size_t>(utf8.size()));
    const std::unique_ptr<cmark_node, decltype(&cmark_node_free)> root(
        cmark_parser_finish(parser.get()), &cmark_node_free);
    const std::unique_ptr<char, decltype(&std::free)> html(
        cmark_render_html(root.get(), CMARK_OPT_DEFAULT,
                          cmark_parser_get_syntax_extensions(parser.get())),
        &std::free);
    return QString::fromUtf8(html.get());
}

QString toHtml(const NotebookContent &content, const QString &title)
{
    const Language language = languageOf(content);
    QString html = QStringLiteral("<!DOCTYPE html>\n<html>\n<head>\n") + QLatin1String(pageHead);
    html += QStringLiteral("<title>%1</title>\n</head>\n<body>\n").arg(title.toHtmlEscaped());
    for (const Cell &cell : content.cells) {
        if (cell.kind == CellKind::Code)
            html += codeCellHtml(cell, language.name);
        else if (cell.kind == CellKind::Markdown)
            html += QStringLiteral("<section class=\"cell text\">\n%1</section>\n")
                        .arg(markdownToHtml(withInlineAttachments(cell)));
        else if (!cell.source.isEmpty())
            html += QStringLiteral("<section class=\"cell\">\n<pre>%1</pre>\n</section>\n")
                        .arg(cell.source.toHtmlEscaped());
    }
    return html + QStringLiteral("</body>\n</html>\n");
}

} // namespace farcell::nbformat
