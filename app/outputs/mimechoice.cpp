#include "app/outputs/mimechoice.h"

#include "app/markdown/htmltokens.h"

#include <QCoreApplication>
#include <QRegularExpression>

#include <algorithm>
#include <array>

namespace farcell {

namespace {

QString text(const char *source)
{
    return QCoreApplication::translate("farcell::Outputs", source);
}

// What can be drawn without a browser, best first.
constexpr std::array nativeMimes{"application/json", "text/html",     "text/markdown",
                                 "text/latex",       "image/svg+xml", "image/png",
                                 "image/jpeg",       "image/gif",     "image/webp",
                                 "image/bmp",        "text/plain",    "application/geo+json"};

bool isScript(const QString &mime)
{
    return mime == QLatin1String("application/javascript") ||
           mime == QLatin1String("text/javascript") ||
           mime == QLatin1String("application/ecmascript") ||
           mime == QLatin1String("application/vnd.google.colaboratory.module+javascript");
}

// tqdm's widgets carry the bar as text: "50%|#####     | 5/10 [00:01<00:01, 4.9it/s]".
bool isProgressText(const MimeBundle &data)
{
    const JsonText *plain = data.find(u"text/plain");
    const QString shown = plain ? plain->toMultilineString().value_or(QString()) : QString();
    static const QRegularExpression bar(
        QStringLiteral(R"(\d+%\|.*\|.*\d|\d+ ?\S* \[\d\d:\d\d[<,])"));
    return shown.size() < 1000 && bar.match(shown).hasMatch();
}

// A script that changes nothing a person would see in the output.
bool isSilentScript(const JsonText &value)
{
    const QString script = value.toMultilineString().value_or(QString());
    for (const char *visible : {"element", "document", "append", "require", "$(", "alert", "this.",
                                "import", "innerHTML", "eval", "fetch"}) {
        if (script.contains(QLatin1String(visible)))
            return false;
    }
    return script.size() < 1000;
}

// Why the richest form of this bundle cannot be drawn; empty if there is none such.
QString obstacle(const MimeBundle &data)
{
    for (const auto &[mime, value] : data.entries) {
        if (mime == QLatin1String("application/vnd.jupyter.widget-view+json"))
            return isProgressText(data) ? QString()
                                        : text("Interactive widget: shown without its controls");
        if (mime.startsWith(QLatin1String("application/vnd.plotly.")) ||
            mime.startsWith(QLatin1String("application/vnd.vega")))
            return text("Interactive chart: shown as a still fallback");
        if (mime.startsWith(QLatin1String("application/vnd.bokehjs_")) ||
            mime.startsWith(QLatin1String("application/vnd.holoviews_")))
            return text("This output loads an interactive library that needs a web view");
        if (isScript(mime) && !isSilentScript(value))
            return text("JavaScript in this output is not run");
        if (mime == QLatin1String("application/pdf"))
            return text("A PDF: shown in another form");
    }
    return {};
}

QString htmlText(const JsonText &value)
{
    return value.toMultilineString().value_or(QString());
}

// True for a form that may be drawn; clears `note` or sets it where HTML is not what it seems.
bool isUsable(const QString &mime, const JsonText &value, QString &note)
{
    if (mime != QLatin1String("text/html"))
        return true;
    switch (classifyHtml(htmlText(value))) {
    case HtmlContent::Static:
        return true;
    case HtmlContent::NeedsScript:
        if (note.isEmpty())
            note = text("This output is made by JavaScript, which is not run");
        return false;
    case HtmlContent::Embedded:
        if (note.isEmpty())
            note = text("Embedded page, video or sound: not shown");
        return false;
    case HtmlContent::Empty:
        return false;
    }
    return false;
}

} // namespace

MimeChoice chooseMime(const MimeBundle &data)
{
    MimeChoice choice;
    choice.note = obstacle(data);
    choice.savedProgress =
        choice.note.isEmpty() && data.find(u"application/vnd.jupyter.widget-view+json") != nullptr;
    const bool silent = choice.note.isEmpty() &&
                        std::any_of(data.entries.begin(), data.entries.end(),
                                    [](const auto &entry) { return isScript(entry.first); });
    if (silent)
        return choice; // as in a browser: it ran once and shows nothing
    for (const char *candidate : nativeMimes) {
        const QString mime = QString::fromLatin1(candidate);
        const JsonText *value = data.find(mime);
        if (value && isUsable(mime, *value, choice.note)) {
            choice.mime = mime;
            break;
        }
    }
    // Unknown "+json" types without any other form are shown as the JSON they are.
    if (choice.mime.isEmpty()) {
        const auto json =
            std::find_if(data.entries.begin(), data.entries.end(), [](const auto &entry) {
                return entry.first.endsWith(QLatin1String("+json"));
            });
        if (json != data.entries.end() && choice.note.isEmpty())
            choice.mime = json->first;
    }
    const bool nothing = choice.mime.isEmpty() && !data.isEmpty();
    const bool emptyHtml = nothing && choice.note.isEmpty() && data.find(u"text/html");
    if (nothing && choice.note.isEmpty() && !emptyHtml)
        choice.note = text("No way to show %1").arg(data.entries.front().first);
    choice.fallback = !choice.note.isEmpty();
    return choice;
}

HtmlContent classifyHtml(const QString &html)
{
    const HtmlTokens parsed = tokenizeHtml(html);
    if (parsed.hasEmbedded)
        return HtmlContent::Embedded;
    const bool visible =
        std::any_of(parsed.tokens.begin(), parsed.tokens.end(), [](const HtmlToken &token) {
            if (token.kind == HtmlToken::Kind::Text)
                return !token.text.trimmed().isEmpty();
            return token.isStart(QLatin1String("img")) || token.isStart(QLatin1String("hr")) ||
                   token.isStart(QLatin1String("progress")) || token.isStart(QLatin1String("td"));
        });
    if (visible)
        return HtmlContent::Static;
    return parsed.hasScript ? HtmlContent::NeedsScript : HtmlContent::Empty;
}

} // namespace farcell
