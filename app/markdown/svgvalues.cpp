#include "app/markdown/svgvalues.h"

#include <array>
#include <cmath>
#include <vector>

namespace farcell {

namespace {

// Reads numbers from SVG attribute text: separated by spaces or commas, or by their signs.
class NumberScanner
{
public:
    explicit NumberScanner(QStringView text)
        : m_text(text)
    {}

    void skip()
    {
        while (m_at < m_text.size() && (m_text[m_at].isSpace() || m_text[m_at] == QLatin1Char(',')))
            ++m_at;
    }

    bool atEnd()
    {
        skip();
        return m_at >= m_text.size();
    }

    QChar peek()
    {
        skip();
        return m_at < m_text.size() ? m_text[m_at] : QChar();
    }

    QChar take() { return m_text[m_at++]; }

    bool number(qreal &value)
    {
        skip();
        const qsizetype start = m_at;
        bool dot = false;
        while (m_at < m_text.size()) {
            const QChar c = m_text[m_at];
            const bool sign = (c == QLatin1Char('-') || c == QLatin1Char('+')) &&
                              (m_at == start || m_text[m_at - 1].toLower() == QLatin1Char('e'));
            const bool point = c == QLatin1Char('.') && !dot;
            // Not the "e" of the unit "ex".
            const bool exponent =
                c.toLower() == QLatin1Char('e') && m_at > start && m_at + 1 < m_text.size() &&
                (m_text[m_at + 1].isDigit() || m_text[m_at + 1] == QLatin1Char('-'));
            if (!c.isDigit() && !sign && !point && !exponent)
                break;
            dot = dot || point || exponent;
            ++m_at;
        }
        bool ok = false;
        value = m_text.mid(start, m_at - start).toDouble(&ok);
        return ok && std::isfinite(value);
    }

private:
    QStringView m_text;
    qsizetype m_at = 0;
};

} // namespace

qreal parseSvgNumber(QStringView text)
{
    qreal value = 0;
    NumberScanner(text).number(value);
    return value;
}

QTransform parseSvgTransform(QStringView text)
{
    QTransform result;
    while (!text.isEmpty()) {
        const qsizetype open = text.indexOf(QLatin1Char('('));
        const qsizetype close = text.indexOf(QLatin1Char(')'));
        if (open < 0 || close < open)
            break;
        const QStringView name = text.left(open).trimmed();
        NumberScanner numbers(text.mid(open + 1, close - open - 1));
        std::vector<qreal> v;
        for (qreal value = 0; v.size() < 6 && numbers.number(value);)
            v.push_back(value);
        QTransform step;
        if (name == QLatin1String("translate") && !v.empty())
            step.translate(v[0], v.size() > 1 ? v[1] : 0);
        else if (name == QLatin1String("scale") && !v.empty())
            step.scale(v[0], v.size() > 1 ? v[1] : v[0]);
        else if (name == QLatin1String("rotate") && !v.empty())
            step.rotate(v[0]);
        else if (name == QLatin1String("matrix") && v.size() == 6)
            step = QTransform(v[0], v[1], v[2], v[3], v[4], v[5]);
        result = step * result;
        text = text.mid(close + 1);
    }
    return result;
}

QRectF parseSvgBox(QStringView text)
{
    NumberScanner numbers(text);
    std::array<qreal, 4> v{};
    for (qreal &value : v) {
        if (!numbers.number(value))
            return {};
    }
    return {v[0], v[1], v[2], v[3]};
}

QPainterPath parseSvgPath(QStringView d)
{
    QPainterPath path;
    path.setFillRule(Qt::WindingFill);
    NumberScanner in(d);
    QChar command;
    QPointF control; // last control point, for T and S
    QChar last;
    while (!in.atEnd()) {
        if (in.peek().isLetter())
            command = in.take();
        const bool relative = command.isLower();
        const QPointF base = relative ? path.currentPosition() : QPointF();
        const QPointF here = path.currentPosition();
        const auto point = [&](QPointF &p) {
            qreal x = 0;
            qreal y = 0;
            if (!in.number(x) || !in.number(y))
                return false;
            p = base + QPointF(x, y);
            return true;
        };
        QPointF a;
        QPointF b;
        QPointF c;
        qreal value = 0;
        switch (command.toUpper().unicode()) {
        case u'M':
            if (!point(a))
                return path;
            path.moveTo(a);
            command = relative ? QLatin1Char('l') : QLatin1Char('L');
            break;
        case u'L':
            if (!point(a))
                return path;
            path.lineTo(a);
            break;
        case u'H':
            if (!in.number(value))
                return path;
            path.lineTo(base.x() + value, here.y());
            break;
        case u'V':
            if (!in.number(value))
                return path;
            path.lineTo(here.x(), base.y() + value);
            break;
        case u'Q':
            if (!point(a) || !point(b))
                return path;
            path.quadTo(a, b);
            control = a;
            break;
        case u'T':
            if (!point(b))
                return path;
            control =
                last == QLatin1Char('Q') || last == QLatin1Char('T') ? 2 * here - control : here;
            path.quadTo(control, b);
            break;
        case u'C':
            if (!point(a) || !point(b) || !point(c))
                return path;
            path.cubicTo(a, b, c);
            control = b;
            break;
        case u'S':
            if (!point(b) || !point(c))
                return path;
            a = last == QLatin1Char('C') || last == QLatin1Char('S') ? 2 * here - control : here;
            path.cubicTo(a, b, c);
            control = b;
            break;
        case u'Z':
            path.closeSubpath();
            command = QChar(); // a number here would be an error
            last = QLatin1Char('Z');
            continue;
        default:
            return path;
        }
        last = command.toUpper();
    }
    return path;
}

} // namespace farcell
