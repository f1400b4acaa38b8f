#include "app/outputs/htmloutput.h"

#include "app/markdown/cssstyle.h"
#include "app/markdown/htmltokens.h"
#include "app/markdown/markdownblock.h"
#include "app/outputs/notepart.h"
#include "app/outputs/stackpart.h"
#include "app/outputs/tablepart.h"

#include <QCoreApplication>

#include <algorithm>

namespace farcell {

namespace {

// Nothing to see: only white space and tags that show nothing by themselves.
bool isInvisible(const std::vector<HtmlToken> &tokens)
{
    return std::none_of(tokens.begin(), tokens.end(), [](const HtmlToken &token) {
        if (token.kind == HtmlToken::Kind::Text)
            return !token.text.trimmed().isEmpty();
        return token.isStart(QLatin1String("img")) || token.isStart(QLatin1String("hr")) ||
               token.isStart(QLatin1String("table")) || token.isStart(QLatin1String("progress"));
    });
}

// Drops elements that a style sheet or attribute hides, and controls that cannot work here.
std::vector<HtmlToken> withoutHidden(std::vector<HtmlToken> tokens, const CssSheet &sheet)
{
    std::vector<HtmlToken> shown;
    QString hidden; // the element we are inside of
    int depth = 0;
    for (HtmlToken &token : tokens) {
        if (!hidden.isEmpty()) {
            if (token.name == hidden)
                depth += token.kind == HtmlToken::Kind::Start ? 1 : -1;
            if (depth == 0)
                hidden.clear();
            continue;
        }
        const bool control = token.isStart(QLatin1String("button")) ||
                             token.isStart(QLatin1String("select")) ||
                             token.isStart(QLatin1String("textarea"));
        const bool container =
            token.isStart(QLatin1String("div")) || token.isStart(QLatin1String("span")) ||
            token.isStart(QLatin1String("pre")) || token.isStart(QLatin1String("p"));
        if (control || (container && sheet.styleOf(token).hidden.value_or(false))) {
            hidden = token.name;
            depth = 1;
            continue;
        }
        shown.push_back(std::move(token));
    }
    return shown;
}

// A bar that a script would move is shown as the share it had when it was saved.
void writeProgress(std::vector<HtmlToken> &tokens)
{
    for (HtmlToken &token : tokens) {
        if (!token.isStart(QLatin1String("progress")))
            continue;
        const double value = token.attribute(QLatin1String("value")).toDouble();
        const double maximum = token.attribute(QLatin1String("max")).toDouble();
        const double share = maximum > 0 ? std::clamp(value / maximum, 0.0, 1.0) : 0;
        const int full = qRound(share * 20);
        token.kind = HtmlToken::Kind::Text;
        token.text =
            QString(full, QChar(0x2588)) + QString(20 - full, QChar(0x2591)) + QLatin1Char(' ');
        token.name.clear();
    }
}

} // namespace

std::unique_ptr<Block> makeHtmlOutput(const QString &html, const QString &baseDirectory,
                                      const RenderContext &context)
{
    HtmlTokens parsed = tokenizeHtml(html);
    const CssSheet sheet(parsed.styleSheet);
    std::vector<HtmlToken> tokens = withoutHidden(std::move(parsed.tokens), sheet);
    writeProgress(tokens);
    auto stack = std::make_unique<StackPart>(8);
    std::vector<HtmlToken> text;
    const auto flush = [&] {
        if (!isInvisible(text))
            stack->add(makeRichHtml(std::move(text), baseDirectory, context));
        text.clear();
    };
    for (size_t i = 0; i < tokens.size();) {
        if (!tokens[i].isStart(QLatin1String("table")) || !isPlainTable(tokens, i + 1)) {
            text.push_back(std::move(tokens[i++]));
            continue;
        }
        flush();
        size_t end = i + 1;
        TableData data = readTable(tokens, i + 1, end, sheet);
        if (!data.caption.isEmpty()) {
            HtmlToken caption;
            caption.text = data.caption;
            stack->add(makeRichHtml({caption}, baseDirectory, context));
        }
        const int cut = data.rowsCut;
        if (data.rows > 0)
            stack->add(std::make_unique<TablePart>(context.theme, std::move(data)));
        if (cut > 0)
            stack->add(std::make_unique<NotePart>(
                context.theme,
                QCoreApplication::translate("farcell::Outputs", "%n more rows are not shown",
                                            nullptr, cut)));
        i = std::max(end, i + 1);
    }
    flush();
    return stack;
}

} // namespace farcell
