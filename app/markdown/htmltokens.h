#pragma once

#include <QString>

#include <utility>
#include <vector>

namespace farcell {

// One piece of sanitised HTML: text with entities decoded, a start tag or an end tag. Only names
// and attributes of the allow-list occur.
struct HtmlToken
{
    enum class Kind
    {
        Text,
        Start,
        End
    };

    Kind kind = Kind::Text;
    QString name; // lower case
    QString text;
    std::vector<std::pair<QString, QString>> attributes;

    [[nodiscard]] QString attribute(QLatin1String name) const; // empty if absent
    [[nodiscard]] bool isStart(QLatin1String tag) const
    {
        return kind == Kind::Start && name == tag;
    }
    [[nodiscard]] bool isEnd(QLatin1String tag) const { return kind == Kind::End && name == tag; }
};

struct HtmlTokens
{
    std::vector<HtmlToken> tokens;
    QString styleSheet;       // what stood in <style>; only the CSS reader sees it
    bool hasScript = false;   // <script> was there and was dropped
    bool hasEmbedded = false; // a frame, video, object or canvas was dropped
};

// Splits HTML into tokens and drops everything not on the allow-list (jupyter.md 7.2): scripts,
// styles, frames and foreign content with all they contain; unknown tags alone; event handlers;
// links that are not http, https, ftp, mailto, tel, attachments or places in the notebook.
[[nodiscard]] HtmlTokens tokenizeHtml(const QString &html);

// "&lt;&#39;" -> "<'"; what is no entity stays as it is.
[[nodiscard]] QString decodeEntities(const QString &text);

[[nodiscard]] bool isAllowedLink(const QString &url);

} // namespace farcell
