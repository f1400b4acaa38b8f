#include "app/markdown/htmltokens.h"

#include <QHash>
#include <QSet>

#include <algorithm>

namespace farcell {

namespace {

constexpr size_t maxTokens = 2'000'000;
constexpr qsizetype maxAttributeLength = 64LL * 1024 * 1024; // data: URLs of images are long

const QSet<QString> &allowedTags()
{
    static const QSet<QString> tags = [] {
        const QString names = QStringLiteral(
            "a abbr acronym address article aside b bdi bdo big blockquote br button caption "
            "center "
            "cite code col colgroup dd del details dfn dir div dl dt em fieldset figcaption figure "
            "font footer form h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd label legend "
            "li "
            "main map mark menu meter nav nobr ol optgroup option output p pre progress q s samp "
            "section select small source span strike strong sub summary sup table tbody td "
            "textarea "
            "tfoot th thead time tr track tt u ul var wbr");
        const QStringList list = names.split(QLatin1Char(' '));
        return QSet<QString>(list.begin(), list.end());
    }();
    return tags;
}

const QSet<QString> &allowedAttributes()
{
    static const QSet<QString> names{
        QStringLiteral("align"),  QStringLiteral("alt"),     QStringLiteral("bgcolor"),
        QStringLiteral("border"), QStringLiteral("checked"), QStringLiteral("class"),
        QStringLiteral("color"),  QStringLiteral("colspan"), QStringLiteral("dir"),
        QStringLiteral("face"),   QStringLiteral("height"),  QStringLiteral("hidden"),
        QStringLiteral("href"),   QStringLiteral("id"),      QStringLiteral("lang"),
        QStringLiteral("max"),    QStringLiteral("name"),    QStringLiteral("rowspan"),
        QStringLiteral("size"),   QStringLiteral("src"),     QStringLiteral("start"),
        QStringLiteral("style"),  QStringLiteral("title"),   QStringLiteral("type"),
        QStringLiteral("valign"), QStringLiteral("value"),   QStringLiteral("width")};
    return names;
}

enum class Raw
{
    No,
    Drop,
    Script,
    Style,
    Embedded
};

// Elements whose content goes with them.
Raw rawKind(QStringView name)
{
    static const QHash<QString, Raw> kinds{
        {QStringLiteral("script"), Raw::Script},   {QStringLiteral("style"), Raw::Style},
        {QStringLiteral("title"), Raw::Drop},      {QStringLiteral("svg"), Raw::Drop},
        {QStringLiteral("math"), Raw::Drop},       {QStringLiteral("template"), Raw::Drop},
        {QStringLiteral("noscript"), Raw::Drop},   {QStringLiteral("iframe"), Raw::Embedded},
        {QStringLiteral("object"), Raw::Embedded}, {QStringLiteral("video"), Raw::Embedded},
        {QStringLiteral("audio"), Raw::Embedded},  {QStringLiteral("canvas"), Raw::Embedded},
        {QStringLiteral("applet"), Raw::Embedded}, {QStringLiteral("frameset"), Raw::Embedded}};
    return kinds.value(name.toString(), Raw::No);
}

bool isNameChar(QChar c)
{
    return c.isLetterOrNumber() || c == QLatin1Char('-') || c == QLatin1Char('_') ||
           c == QLatin1Char(':');
}

bool isSpace(QChar c)
{
    return c == QLatin1Char(' ') || c == QLatin1Char('\n') || c == QLatin1Char('\t') ||
           c == QLatin1Char('\r') || c == QLatin1Char('\f');
}

// Reads one HTML text from start to end.
class Tokenizer
{
public:
    explicit Tokenizer(const QString &html)
        : m_html(html)
    {}

    HtmlTokens run()
    {
        while (m_at < m_html.size() && m_result.tokens.size() < maxTokens) {
            const qsizetype open = m_html.indexOf(QLatin1Char('<'), m_at);
            addText(open < 0 ? m_html.size() : open);
            if (open >= 0)
                readMarkup();
        }
        return std::move(m_result);
    }

private:
    void addText(qsizetype end)
    {
        if (end > m_at) {
            HtmlToken token;
            token.text = decodeEntities(m_html.mid(m_at, end - m_at));
            m_result.tokens.push_back(std::move(token));
        }
        m_at = end;
    }

    void skipPast(const QString &mark)
    {
        const qsizetype end = m_html.indexOf(mark, m_at);
        m_at = end < 0 ? m_html.size() : end + mark.size();
    }

    void readMarkup()
    {
        const QStringView rest = QStringView(m_html).mid(m_at);
        if (rest.startsWith(QLatin1String("<!--"))) {
            m_at += 4;
            skipPast(QStringLiteral("-->"));
        } else if (rest.size() > 1 &&
                   (rest[1] == QLatin1Char('!') || rest[1] == QLatin1Char('?'))) {
            skipPast(QStringLiteral(">"));
        } else if (rest.size() > 1 && (rest[1].isLetter() || rest[1] == QLatin1Char('/'))) {
            readTag();
        } else { // a lone "<" is text
            HtmlToken token;
            token.text = QStringLiteral("<");
            m_result.tokens.push_back(std::move(token));
            ++m_at;
        }
    }

    void readTag()
    {
        ++m_at;
        HtmlToken token;
        token.kind = HtmlToken::Kind::Start;
        if (m_at < m_html.size() && m_html[m_at] == QLatin1Char('/')) {
            token.kind = HtmlToken::Kind::End;
            ++m_at;
        }
        const qsizetype start = m_at;
        while (m_at < m_html.size() && isNameChar(m_html[m_at]))
            ++m_at;
        token.name = m_html.mid(start, m_at - start).toLower();
        readAttributes(token);
        const Raw raw = rawKind(token.name);
        if (raw != Raw::No) {
            if (token.kind == HtmlToken::Kind::Start && !m_selfClosed)
                readRaw(token.name, raw);
            else if (raw == Raw::Script || raw == Raw::Embedded)
                noteRaw(raw, {});
            return;
        }
        if (token.name == QLatin1String("embed"))
            m_result.hasEmbedded = true;
        if (allowedTags().contains(token.name))
            m_result.tokens.push_back(std::move(token));
    }

    void noteRaw(Raw raw, QStringView content)
    {
        if (raw == Raw::Script)
            m_result.hasScript = true;
        else if (raw == Raw::Embedded)
            m_result.hasEmbedded = true;
        else if (raw == Raw::Style)
            m_result.styleSheet += content + QLatin1Char('\n');
    }

    void readRaw(const QString &name, Raw raw)
    {
        const QString close = QStringLiteral("</") + name;
        qsizetype end = m_html.indexOf(close, m_at, Qt::CaseInsensitive);
        if (end < 0)
            end = m_html.size();
        noteRaw(raw, QStringView(m_html).mid(m_at, end - m_at));
        m_at = end;
        if (m_at < m_html.size())
            skipPast(QStringLiteral(">"));
    }

    void readAttributes(HtmlToken &token)
    {
        m_selfClosed = false;
        while (m_at < m_html.size()) {
            const QChar c = m_html[m_at];
            if (c == QLatin1Char('>')) {
                ++m_at;
                return;
            }
            if (c == QLatin1Char('/'))
                m_selfClosed = true;
            if (!isNameChar(c)) {
                ++m_at;
                continue;
            }
            m_selfClosed = false;
            readAttribute(token);
        }
    }

    void readAttribute(HtmlToken &token)
    {
        const qsizetype start = m_at;
        while (m_at < m_html.size() && isNameChar(m_html[m_at]))
            ++m_at;
        const QString name = m_html.mid(start, m_at - start).toLower();
        qsizetype look = m_at;
        while (look < m_html.size() && isSpace(m_html[look]))
            ++look;
        QString value;
        if (look < m_html.size() && m_html[look] == QLatin1Char('=')) {
            m_at = look + 1;
            value = readValue();
        }
        if (!allowedAttributes().contains(name) || token.attributes.size() > 64)
            return;
        if (name == QLatin1String("href") && !isAllowedLink(value))
            return;
        token.attributes.emplace_back(name, std::move(value));
    }

    QString readValue()
    {
        while (m_at < m_html.size() && isSpace(m_html[m_at]))
            ++m_at;
        if (m_at >= m_html.size())
            return {};
        const QChar quote = m_html[m_at];
        const qsizetype start =
            quote == QLatin1Char('"') || quote == QLatin1Char('\'') ? m_at + 1 : m_at;
        if (start > m_at) {
            const qsizetype end = m_html.indexOf(quote, start);
            m_at = end < 0 ? m_html.size() : end + 1;
            const qsizetype length = (end < 0 ? m_html.size() : end) - start;
            return decodeEntities(m_html.mid(start, std::min(length, maxAttributeLength)));
        }
        while (m_at < m_html.size() && !isSpace(m_html[m_at]) && m_html[m_at] != QLatin1Char('>'))
            ++m_at;
        return decodeEntities(m_html.mid(start, m_at - start));
    }

    const QString &m_html;
    qsizetype m_at = 0;
    bool m_selfClosed = false;
    HtmlTokens m_result;
};

const QHash<QString, char16_t> &entities()
{
    static const QHash<QString, char16_t> names = [] {
        QHash<QString, char16_t> map;
        // Name and code point, alternating.
        const QStringList list =
            QStringLiteral(
                "amp 38 lt 60 gt 62 quot 34 apos 39 nbsp 160 copy 169 reg 174 deg 176 plusmn 177 "
                "sup2 178 sup3 179 micro 181 para 182 middot 183 frac12 189 frac14 188 frac34 190 "
                "times 215 divide 247 laquo 171 raquo 187 sect 167 pound 163 euro 8364 yen 165 "
                "cent 162 iexcl 161 iquest 191 szlig 223 auml 228 ouml 246 uuml 252 Auml 196 "
                "Ouml 214 Uuml 220 agrave 224 aacute 225 acirc 226 atilde 227 aring 229 aelig 230 "
                "ccedil 231 egrave 232 eacute 233 ecirc 234 euml 235 igrave 236 iacute 237 icirc "
                "238 "
                "iuml 239 ntilde 241 ograve 242 oacute 243 ocirc 244 otilde 245 oslash 248 "
                "ugrave 249 uacute 250 ucirc 251 Eacute 201 Agrave 192 Ccedil 199 "
                "ndash 8211 mdash 8212 lsquo 8216 rsquo 8217 ldquo 8220 rdquo 8221 bull 8226 "
                "hellip 8230 prime 8242 trade 8482 larr 8592 uarr 8593 rarr 8594 darr 8595 harr "
                "8596 "
                "rArr 8658 hArr 8660 forall 8704 part 8706 exist 8707 empty 8709 nabla 8711 isin "
                "8712 "
                "sum 8721 minus 8722 radic 8730 infin 8734 cap 8745 cup 8746 int 8747 asymp 8776 "
                "ne 8800 equiv 8801 le 8804 ge 8805 sub 8834 sup 8835 alpha 945 beta 946 gamma 947 "
                "delta 948 epsilon 949 zeta 950 eta 951 theta 952 iota 953 kappa 954 lambda 955 "
                "mu 956 nu 957 xi 958 pi 960 rho 961 sigma 963 tau 964 phi 966 chi 967 psi 968 "
                "omega 969 Gamma 915 Delta 916 Theta 920 Lambda 923 Sigma 931 Phi 934 Psi 936 "
                "Omega 937 ensp 8194 emsp 8195 thinsp 8201 zwnj 8204 zwj 8205 shy 173 check 10003 "
                "star 9734 starf 9733 hearts 9829")
                .split(QLatin1Char(' '));
        for (qsizetype i = 0; i + 1 < list.size(); i += 2)
            map.insert(list[i], static_cast<char16_t>(list[i + 1].toUInt()));
        return map;
    }();
    return names;
}

// `body` is what stands between "&" and ";".
QString entityText(QStringView body)
{
    if (!body.startsWith(QLatin1Char('#'))) {
        const char16_t c = entities().value(body.toString(), 0);
        return c ? QString(QChar(c)) : QString();
    }
    bool ok = false;
    const bool hex = body.size() > 1 && body[1].toLower() == QLatin1Char('x');
    const uint code = hex ? body.mid(2).toUInt(&ok, 16) : body.mid(1).toUInt(&ok, 10);
    if (!ok || code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
        return ok ? QString(QChar::ReplacementCharacter) : QString();
    return QString::fromUcs4(reinterpret_cast<const char32_t *>(&code), 1);
}

} // namespace

QString HtmlToken::attribute(QLatin1String wanted) const
{
    const auto found = std::find_if(attributes.begin(), attributes.end(),
                                    [wanted](const auto &item) { return item.first == wanted; });
    return found == attributes.end() ? QString() : found->second;
}

HtmlTokens tokenizeHtml(const QString &html)
{
    return Tokenizer(html).run();
}

QString decodeEntities(const QString &text)
{
    qsizetype at = text.indexOf(QLatin1Char('&'));
    if (at < 0)
        return text;
    QString result;
    qsizetype copied = 0;
    while (at >= 0) {
        const qsizetype end = text.indexOf(QLatin1Char(';'), at);
        const bool near = end > at && end - at <= 12;
        const QString decoded =
            near ? entityText(QStringView(text).mid(at + 1, end - at - 1)) : QString();
        if (!decoded.isEmpty()) {
            result += QStringView(text).mid(copied, at - copied);
            result += decoded;
            copied = end + 1;
        }
        at = text.indexOf(QLatin1Char('&'), std::max(at + 1, copied));
    }
    return result + QStringView(text).mid(copied);
}

bool isAllowedLink(const QString &url)
{
    // Browsers ignore control characters and spaces in a scheme: "java\nscript:".
    QString plain;
    for (const QChar c : url) {
        if (c.unicode() > 0x20)
            plain += c;
        if (plain.size() > 64)
            break;
    }
    const qsizetype colon = plain.indexOf(QLatin1Char(':'));
    const qsizetype stop = plain.indexOf(QLatin1Char('/'));
    if (colon < 0 || (stop >= 0 && stop < colon) || plain.startsWith(QLatin1Char('#')))
        return true; // relative
    static const QSet<QString> schemes{QStringLiteral("http"),        QStringLiteral("https"),
                                       QStringLiteral("ftp"),         QStringLiteral("mailto"),
                                       QStringLiteral("tel"),         QStringLiteral("attachment"),
                                       QStringLiteral("farcell-cell")};
    return schemes.contains(plain.left(colon).toLower());
}

} // namespace farcell
