#include "app/markdown/mathextract.h"

#include <QRegularExpression>

#include <algorithm>

namespace farcell {

namespace {

bool isBlank(QStringView text)
{
    return text.trimmed().isEmpty();
}

// "{…}" at `at`, braces balanced, escapes skipped: the index after it, or -1.
qsizetype groupEnd(QStringView tex, qsizetype at)
{
    int depth = 0;
    for (qsizetype i = at; i < tex.size(); ++i) {
        if (tex[i] == QLatin1Char('\\'))
            ++i;
        else if (tex[i] == QLatin1Char('{'))
            ++depth;
        else if (tex[i] == QLatin1Char('}') && --depth <= 0)
            return i + 1;
    }
    return -1;
}

// Reads a Markdown text once, copying it to the result with placeholders for formulas.
class Extractor
{
public:
    Extractor(const QString &text, const QHash<QString, int> &known, int firstNumber)
        : m_text(text)
        , m_labels(known)
    {
        static const QRegularExpression label(QStringLiteral(R"(\\label\s*\{([^{}]+)\})"));
        if (!text.contains(QStringLiteral("\\label")))
            return;
        for (auto it = label.globalMatch(text); it.hasNext();) {
            const QString name = it.next().captured(1);
            if (!m_result.labels.contains(name)) {
                m_result.labels.insert(name, firstNumber);
                m_labels.insert(name, firstNumber++);
            }
        }
    }

    ExtractedMath run()
    {
        bool lineStart = true;
        while (m_at < m_text.size()) {
            if (lineStart && skipFence())
                continue;
            const QChar c = m_text[m_at];
            lineStart = c == QLatin1Char('\n');
            if (c == QLatin1Char('`'))
                skipCodeSpan();
            else if (c == QLatin1Char('\\'))
                readBackslash();
            else if (c == QLatin1Char('$'))
                readDollar();
            else
                ++m_at;
        }
        copyUpTo(m_text.size());
        return std::move(m_result);
    }

private:
    void copyUpTo(qsizetype end)
    {
        m_result.markdown += QStringView(m_text).mid(m_copied, end - m_copied);
        m_copied = end;
    }

    [[nodiscard]] QStringView rest(qsizetype at) const { return QStringView(m_text).mid(at); }

    // A fenced code block that starts on this line is passed over whole.
    bool skipFence()
    {
        const qsizetype newline = m_text.indexOf(QLatin1Char('\n'), m_at);
        const QString first = m_text.mid(m_at, (newline < 0 ? m_text.size() : newline) - m_at);
        const QStringView lead = QStringView(first).left(256); // a fence stands early in its line
        if (!lead.contains(QLatin1String("```")) && !lead.contains(QLatin1String("~~~")))
            return false;
        static const QRegularExpression open(
            QStringLiteral(R"(^[ \t>*+-]*(?:\d+[.)])?[ \t]*(`{3,}|~{3,})[^\n]*)"));
        const QRegularExpressionMatch match = open.match(first);
        if (!match.hasMatch())
            return false;
        const QString fence = match.captured(1);
        if (fence[0] == QLatin1Char('`') &&
            match.captured().mid(match.capturedEnd(1)).contains(QLatin1Char('`')))
            return false;
        qsizetype line = m_at + match.capturedEnd();
        while (line >= 0 && line < m_text.size()) {
            const qsizetype next = m_text.indexOf(QLatin1Char('\n'), line + 1);
            const QStringView content =
                rest(line + 1).left((next < 0 ? m_text.size() : next) - line - 1);
            QStringView plain = content.trimmed();
            while (plain.startsWith(QLatin1Char('>')))
                plain = plain.mid(1).trimmed();
            line = next;
            const bool closes =
                plain.startsWith(fence) &&
                std::all_of(plain.begin(), plain.end(), [&](QChar c) { return c == fence[0]; });
            if (closes)
                break;
        }
        m_at = line < 0 ? m_text.size() : line;
        return true;
    }

    void skipCodeSpan()
    {
        qsizetype run = 0;
        while (m_at + run < m_text.size() && m_text[m_at + run] == QLatin1Char('`'))
            ++run;
        const QString ticks(run, QLatin1Char('`'));
        qsizetype end = m_at + run;
        for (;;) {
            end = m_text.indexOf(ticks, end);
            if (end < 0)
                break;
            qsizetype closing = 0;
            while (end + closing < m_text.size() && m_text[end + closing] == QLatin1Char('`'))
                ++closing;
            if (closing == run)
                break;
            end += closing;
        }
        const bool blankLine =
            end >= 0 && QStringView(m_text).mid(m_at, end - m_at).contains(QLatin1String("\n\n"));
        m_at = end < 0 || blankLine ? m_at + run : end + run;
    }

    void readBackslash()
    {
        const QStringView tail = rest(m_at);
        if (tail.startsWith(QLatin1String("\\begin{")) && readEnvironment())
            return;
        if ((tail.startsWith(QLatin1String("\\ref{")) ||
             tail.startsWith(QLatin1String("\\eqref{"))) &&
            readReference())
            return;
        // Markdown needs "\\(" for "\("; both are written.
        for (const auto &[open, close, display] :
             {std::tuple{QLatin1String("\\\\("), QLatin1String("\\\\)"), false},
              std::tuple{QLatin1String("\\\\["), QLatin1String("\\\\]"), true},
              std::tuple{QLatin1String("\\("), QLatin1String("\\)"), false},
              std::tuple{QLatin1String("\\["), QLatin1String("\\]"), true}}) {
            if (tail.startsWith(open)) {
                if (!readDelimited(open, close, display))
                    m_at += open.size();
                return;
            }
        }
        m_at = std::min(m_text.size(), m_at + 2);
    }

    bool readDelimited(QLatin1String open, QLatin1String close, bool display)
    {
        const qsizetype start = m_at + open.size();
        const qsizetype end = m_text.indexOf(close, start);
        if (end < 0)
            return false;
        const QString tex = m_text.mid(start, end - start);
        const qsizetype after = end + close.size();
        // "\[1\]" and "\[text\](url)" are escaped brackets, not formulas.
        static const QRegularExpression words(QStringLiteral(R"(^[\w\s.,:-]*$)"));
        const bool link = after < m_text.size() && m_text[after] == QLatin1Char('(');
        const bool escaped = open == QLatin1String("\\[") && (link || words.match(tex).hasMatch());
        if (escaped || tex.contains(QStringLiteral("\n\n")) || isBlank(tex))
            return false;
        add(tex, after, display);
        return true;
    }

    bool readEnvironment()
    {
        const qsizetype brace = m_text.indexOf(QLatin1Char('}'), m_at);
        const QString name = brace < 0 ? QString() : m_text.mid(m_at + 7, brace - m_at - 7);
        static const QRegularExpression valid(QStringLiteral(R"(^[A-Za-z]+\*?$)"));
        if (!valid.match(name).hasMatch())
            return false;
        const QString open = QStringLiteral("\\begin{") + name + QLatin1Char('}');
        const QString close = QStringLiteral("\\end{") + name + QLatin1Char('}');
        qsizetype at = m_at + open.size();
        for (int depth = 1; depth > 0;) {
            const qsizetype end = m_text.indexOf(close, at);
            if (end < 0)
                return false;
            const qsizetype inner = m_text.indexOf(open, at);
            depth += inner >= 0 && inner < end ? 1 : -1;
            at = inner >= 0 && inner < end ? inner + open.size() : end + close.size();
        }
        add(m_text.mid(m_at, at - m_at), at, true);
        return true;
    }

    bool readReference()
    {
        const bool brackets = rest(m_at).startsWith(QLatin1String("\\eqref"));
        const qsizetype open = m_text.indexOf(QLatin1Char('{'), m_at);
        const qsizetype end = groupEnd(m_text, open);
        if (end < 0)
            return false;
        const QString number = numberOf(m_text.mid(open + 1, end - open - 2));
        copyUpTo(m_at);
        m_result.markdown += brackets ? QLatin1Char('(') + number + QLatin1Char(')') : number;
        m_at = m_copied = end;
        return true;
    }

    void readDollar()
    {
        const bool display = rest(m_at).startsWith(QLatin1String("$$"));
        const qsizetype start = m_at + (display ? 2 : 1);
        const qsizetype end = closingDollar(start, display);
        const QStringView tex = end < 0 ? QStringView() : rest(start).left(end - start);
        const qsizetype after = end + (display ? 2 : 1);
        // "$5 to $10" is money.
        const bool money = !display && end > start && m_text[start].isDigit() &&
                           after < m_text.size() && m_text[after].isDigit();
        if (isBlank(tex) || money) {
            m_at = start;
            return;
        }
        add(tex.toString(), after, display);
    }

    [[nodiscard]] qsizetype closingDollar(qsizetype at, bool display) const
    {
        int depth = 0;
        for (; at < m_text.size(); ++at) {
            const QChar c = m_text[at];
            if (c == QLatin1Char('\\')) {
                ++at;
            } else if (c == QLatin1Char('{')) {
                ++depth;
            } else if (c == QLatin1Char('}')) {
                depth = std::max(0, depth - 1);
            } else if (c == QLatin1Char('\n') && at + 1 < m_text.size()) {
                const qsizetype next = m_text.indexOf(QLatin1Char('\n'), at + 1);
                if (!display &&
                    isBlank(rest(at + 1).left((next < 0 ? m_text.size() : next) - at - 1)))
                    return -1; // a paragraph ends here
            } else if (c == QLatin1Char('$') && depth == 0) {
                if (!display)
                    return at;
                if (at + 1 < m_text.size() && m_text[at + 1] == QLatin1Char('$'))
                    return at;
            }
        }
        return -1;
    }

    [[nodiscard]] QString numberOf(const QString &label) const
    {
        const auto found = m_labels.constFind(label.trimmed());
        return found == m_labels.constEnd() ? QStringLiteral("???") : QString::number(*found);
    }

    void add(QString tex, qsizetype end, bool display)
    {
        MathSpan span;
        span.source = m_text.mid(m_at, end - m_at);
        span.display = display;
        stripQuotePrefixes(tex);
        resolveLabels(tex, display);
        m_result.macros += macroDefinitions(tex);
        span.tex = tex.trimmed();
        copyUpTo(m_at);
        m_result.markdown += mathPlaceholder(static_cast<int>(m_result.spans.size()));
        m_result.spans.push_back(std::move(span));
        m_at = m_copied = end;
    }

    // In a block quote the lines of a formula begin with ">".
    void stripQuotePrefixes(QString &tex) const
    {
        if (!tex.contains(QLatin1Char('\n')))
            return;
        const qsizetype line = m_text.lastIndexOf(QLatin1Char('\n'), m_at) + 1;
        if (!rest(line).left(m_at - line).trimmed().startsWith(QLatin1Char('>')))
            return;
        static const QRegularExpression prefix(QStringLiteral("\n[ \t]*(?:>[ \t]?)+"));
        tex.replace(prefix, QStringLiteral("\n"));
    }

    void resolveLabels(QString &tex, bool display) const
    {
        if (!tex.contains(QStringLiteral("\\label")) && !tex.contains(QStringLiteral("ref")))
            return;
        static const QRegularExpression pattern(
            QStringLiteral(R"(\\(label|ref|eqref)\s*\{([^{}]+)\})"));
        const bool tagged = tex.contains(QStringLiteral("\\tag")) || !display;
        QString result;
        qsizetype copied = 0;
        for (auto it = pattern.globalMatch(tex); it.hasNext();) {
            const QRegularExpressionMatch match = it.next();
            result += QStringView(tex).mid(copied, match.capturedStart() - copied);
            copied = match.capturedEnd();
            const QString number = numberOf(match.captured(2));
            if (match.captured(1) == QLatin1String("eqref"))
                result += QStringLiteral("\\text{(") + number + QStringLiteral(")}");
            else if (match.captured(1) == QLatin1String("ref"))
                result += QStringLiteral("\\text{") + number + QStringLiteral("}");
            else if (!tagged)
                result += QStringLiteral("\\tag{") + number + QStringLiteral("}");
        }
        tex = result + QStringView(tex).mid(copied);
    }

    const QString &m_text;
    QHash<QString, int> m_labels;
    qsizetype m_at = 0;
    qsizetype m_copied = 0;
    ExtractedMath m_result;
};

// The end of a definition that starts at `at` with a command of this name, or -1.
qsizetype definitionEnd(QStringView tex, qsizetype at, QStringView command)
{
    at += command.size() + 1;
    if (command == QLatin1String("let")) {
        static const QRegularExpression let(
            QStringLiteral(R"(\G\s*\\[A-Za-z]+\s*=?\s*\\?[A-Za-z]+)"));
        const QRegularExpressionMatch match = let.match(tex.toString(), at);
        return match.hasMatch() ? match.capturedEnd() : -1;
    }
    if (command == QLatin1String("def"))
        return groupEnd(tex, std::max<qsizetype>(0, tex.indexOf(QLatin1Char('{'), at)));
    // Name in braces or bare, optional arguments in brackets, body in braces.
    static const QRegularExpression head(
        QStringLiteral(R"(\G\*?\s*(?:\{\s*\\?[A-Za-z]+\s*\}|\\[A-Za-z]+)\s*(?:\[[^\]]*\]\s*)*)"));
    const QRegularExpressionMatch match = head.match(tex.toString(), at);
    if (!match.hasMatch() || match.capturedEnd() >= tex.size() ||
        tex[match.capturedEnd()] != QLatin1Char('{'))
        return -1;
    return groupEnd(tex, match.capturedEnd());
}

} // namespace

ExtractedMath extractMath(const QString &markdown, const QHash<QString, int> &known,
                          int firstNumber)
{
    return Extractor(markdown, known, firstNumber).run();
}

QString mathPlaceholder(int index)
{
    return QString::fromUcs4(&mathOpen, 1) + QString::number(index) +
           QString::fromUcs4(&mathClose, 1);
}

QString restoreMath(const QString &text, const std::vector<MathSpan> &spans)
{
    static const QString open = QString::fromUcs4(&mathOpen, 1);
    if (!text.contains(open))
        return text;
    QString result = text;
    for (size_t i = spans.size(); i-- > 0;)
        result.replace(mathPlaceholder(static_cast<int>(i)), spans[i].source);
    return result;
}

QString macroDefinitions(const QString &tex)
{
    static const QRegularExpression command(QStringLiteral(
        R"(\\(newcommand|renewcommand|providecommand|DeclareMathOperator|def|let)(?![A-Za-z]))"));
    QString found;
    for (auto it = command.globalMatch(tex); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        const qsizetype end = definitionEnd(tex, match.capturedStart(), match.capturedView(1));
        if (end > 0)
            found += QStringView(tex).mid(match.capturedStart(), end - match.capturedStart());
    }
    return found;
}

} // namespace farcell
