// IPython's syntax as plain Python; the reference is IPython/core/inputtransformer2.py.
#include "core/nbformat/exporters.h"

#include <QRegularExpression>
#include <QStringList>

#include <optional>

namespace farcell::nbformat {

namespace {

// A Python string literal as repr() writes it.
QString pythonRepr(const QString &text)
{
    const QLatin1Char quote(
        text.contains(QLatin1Char('\'')) && !text.contains(QLatin1Char('"')) ? '"' : '\'');
    QString result(quote);
    for (const QChar c : text) {
        if (c == quote || c == QLatin1Char('\\'))
            result += QLatin1Char('\\') + QString(c);
        else if (c == QLatin1Char('\n'))
            result += QLatin1String("\\n");
        else if (c == QLatin1Char('\r'))
            result += QLatin1String("\\r");
        else if (c == QLatin1Char('\t'))
            result += QLatin1String("\\t");
        else if (c.unicode() < 0x20 || c.unicode() == 0x7f)
            result += QStringLiteral("\\x%1").arg(c.unicode(), 2, 16, QLatin1Char('0'));
        else
            result += c;
    }
    return result + quote;
}

QString call(const char *method, std::initializer_list<QString> arguments)
{
    QStringList texts;
    for (const QString &argument : arguments)
        texts.append(pythonRepr(argument));
    return QStringLiteral("get_ipython().%1(%2)")
        .arg(QLatin1String(method), texts.join(QStringLiteral(", ")));
}

QString lineMagic(const QString &text)
{
    return call("run_line_magic",
                {text.section(QLatin1Char(' '), 0, 0), text.section(QLatin1Char(' '), 1)});
}

QString helpCall(const QString &name, bool detailed)
{
    if (name.contains(QLatin1Char('*')))
        return call("run_line_magic", {QStringLiteral("psearch"), name});
    return call("run_line_magic",
                {detailed ? QStringLiteral("pinfo2") : QStringLiteral("pinfo"), name});
}

// Follows strings, brackets and continuation over lines: is the next line the start of a
// statement?
class PythonLines
{
public:
    [[nodiscard]] bool atStatement() const
    {
        return m_quote.isEmpty() && m_depth == 0 && !m_goesOn;
    }

    void feed(const QString &line)
    {
        m_goesOn = false;
        for (qsizetype i = 0; i < line.size(); ++i) {
            const QChar c = line[i];
            if (!m_quote.isEmpty()) {
                if (c == QLatin1Char('\\'))
                    ++i;
                else if (line.mid(i, m_quote.size()) == m_quote)
                    leaveString(i);
            } else if (c == QLatin1Char('#')) {
                return;
            } else if (c == QLatin1Char('"') || c == QLatin1Char('\'')) {
                m_quote = line.mid(i, 3) == QString(3, c) ? QString(3, c) : QString(c);
                i += m_quote.size() - 1;
            } else if (QStringLiteral("([{").contains(c)) {
                ++m_depth;
            } else if (QStringLiteral(")]}").contains(c)) {
                m_depth = std::max(0, m_depth - 1);
            }
        }
        m_goesOn = line.endsWith(QLatin1Char('\\'));
        if (m_quote.size() == 1 && !m_goesOn)
            m_quote.clear(); // an unfinished string ends with its line
    }

private:
    void leaveString(qsizetype &i)
    {
        i += m_quote.size() - 1;
        m_quote.clear();
    }

    QString m_quote;
    int m_depth = 0;
    bool m_goesOn = false;
};

// A statement in IPython's syntax as Python, without its indentation.
std::optional<QString> translated(const QString &text)
{
    static const QRegularExpression help(
        QStringLiteral(R"(^(%{0,2}(?!\d)[\w*]+(?:\.[\w*]+|\[-?\d+\])*)(\?{1,2})\s*$)"));
    static const QRegularExpression assignment(
        QStringLiteral(R"(^([A-Za-z_][\w.,\s]*(?:\[[^\]=]*\][\w.,\s]*)*=\s*)([!%])(\S.*)$)"));
    if (const auto match = help.match(text); match.hasMatch())
        return helpCall(match.captured(1), match.captured(2).size() == 2);
    if (text.startsWith(QLatin1String("!!")))
        return call("getoutput", {text.mid(2)});
    if (text.startsWith(QLatin1Char('!')))
        return call("system", {text.mid(1)});
    if (text.startsWith(QLatin1Char('%')))
        return lineMagic(text.mid(1));
    if (text.startsWith(QLatin1Char('?'))) {
        const bool detailed = text.startsWith(QLatin1String("??"));
        return helpCall(text.mid(detailed ? 2 : 1).trimmed(), detailed);
    }
    const auto match = assignment.match(text);
    if (!match.hasMatch())
        return std::nullopt;
    return match.captured(1) + (match.captured(2) == QLatin1String("!")
                                    ? call("getoutput", {match.captured(3)})
                                    : lineMagic(match.captured(3)));
}

QString cellMagic(const QString &source)
{
    const QString first = source.section(QLatin1Char('\n'), 0, 0).mid(2).trimmed();
    QString body = source.section(QLatin1Char('\n'), 1);
    if (!body.isEmpty() && !body.endsWith(QLatin1Char('\n')))
        body += QLatin1Char('\n');
    return call("run_cell_magic",
                {first.section(QLatin1Char(' '), 0, 0), first.section(QLatin1Char(' '), 1), body});
}

} // namespace

QString withoutMagics(const QString &source)
{
    static const QRegularExpression cellStart(QStringLiteral("^%%[^\\s?%]"));
    if (cellStart.match(source).hasMatch())
        return cellMagic(source) + QLatin1Char('\n');
    QStringList result;
    QStringList lines = source.split(QLatin1Char('\n'));
    for (QString &line : lines) {
        if (line.endsWith(QLatin1Char('\r')))
            line.chop(1);
    }
    while (lines.size() > 1 && lines.first().trimmed().isEmpty())
        lines.removeFirst();
    PythonLines state;
    for (qsizetype i = 0; i < lines.size(); ++i) {
        const QString text = lines[i].trimmed();
        if (state.atStatement() && !text.isEmpty()) {
            QString joined = lines[i].mid(lines[i].indexOf(text.front()));
            qsizetype last = i; // a magic goes on after a backslash, too
            while (joined.endsWith(QLatin1Char('\\')) && last + 1 < lines.size())
                joined = joined.chopped(1) + QLatin1Char(' ') + lines[++last];
            if (const auto python = translated(joined)) {
                result.append(lines[i].left(lines[i].indexOf(text.front())) + *python);
                i = last;
                continue;
            }
        }
        state.feed(lines[i]);
        result.append(lines[i]);
    }
    QString text = result.join(QLatin1Char('\n'));
    return text.endsWith(QLatin1Char('\n')) ? text : text + QLatin1Char('\n');
}

} // namespace farcell::nbformat
