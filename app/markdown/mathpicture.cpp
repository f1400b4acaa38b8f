#include "app/markdown/mathpicture.h"

#include "app/markdown/svgvalues.h"

#include <QFont>
#include <QPainter>
#include <QXmlStreamReader>

#include <algorithm>

namespace farcell {

namespace {

constexpr size_t maxShapes = 200'000;
constexpr qreal pixelsPerEx = 8; // what glue.js tells MathJax

} // namespace

// Walks one formula's SVG with a stack of what is inherited.
class MathSvgReader
{
public:
    std::shared_ptr<const MathPicture> read(const QByteArray &svg)
    {
        m_stack.push_back({});
        while (!m_xml.atEnd() && m_picture->m_shapes.size() < maxShapes) {
            if (m_xml.device() == nullptr && !m_fed) {
                m_xml.addData(svg);
                m_fed = true;
            }
            switch (m_xml.readNext()) {
            case QXmlStreamReader::StartElement:
                start();
                break;
            case QXmlStreamReader::EndElement:
                if (m_stack.size() > 1)
                    m_stack.pop_back();
                break;
            case QXmlStreamReader::Characters:
                addText(m_xml.text().toString());
                break;
            default:
                break;
            }
        }
        return m_seenRoot ? m_picture : nullptr;
    }

private:
    struct State
    {
        QTransform transform;
        std::optional<QColor> color;
        qreal stroke = 0;
        int clip = -1;
        qreal textSize = 0; // > 0 inside <text>
        qreal anchor = 0;
    };

    [[nodiscard]] QStringView attribute(const char *name) const
    {
        return m_attributes.value(QLatin1String(name));
    }

    [[nodiscard]] qreal number(const char *name) const { return parseSvgNumber(attribute(name)); }

    void start()
    {
        m_attributes = m_xml.attributes();
        State state = m_stack.back();
        inherit(state);
        const QStringView name = m_xml.name();
        if (name == QLatin1String("svg"))
            startSvg(state);
        else if (name == QLatin1String("path"))
            addPath(state, parseSvgPath(attribute("d")));
        else if (name == QLatin1String("rect"))
            addRect(state);
        else if (name == QLatin1String("line"))
            addLine(state);
        else if (name == QLatin1String("ellipse") || name == QLatin1String("circle"))
            addEllipse(state);
        else if (name == QLatin1String("polygon"))
            addPath(state, parseSvgPath(QString(QLatin1Char('M') + attribute("points").toString() +
                                                QLatin1Char('Z'))));
        else if (name == QLatin1String("text"))
            state.textSize = std::max(1.0, number("font-size"));
        m_stack.push_back(state);
    }

    void inherit(State &state) const
    {
        state.transform = parseSvgTransform(attribute("transform")) * state.transform;
        const QStringView fill = attribute("fill");
        if (!fill.isEmpty() && fill != QLatin1String("none"))
            state.color = fill == QLatin1String("currentColor") ? std::nullopt : named(fill);
        const QStringView stroke = attribute("stroke");
        if (fill == QLatin1String("none") && !stroke.isEmpty() &&
            stroke != QLatin1String("currentColor") && stroke != QLatin1String("none"))
            state.color = named(stroke);
        if (!attribute("stroke-width").isEmpty())
            state.stroke = number("stroke-width");
    }

    static std::optional<QColor> named(QStringView name)
    {
        const QColor color(name.toString());
        return color.isValid() ? std::optional(color) : std::nullopt;
    }

    void startSvg(State &state)
    {
        const QRectF box = parseSvgBox(attribute("viewBox"));
        if (!m_seenRoot) {
            m_seenRoot = true;
            m_picture->m_width = number("width");
            m_picture->m_height = number("height");
            m_picture->m_viewBox = box;
            const QString style = attribute("style").toString();
            const qsizetype at = style.indexOf(QLatin1String("vertical-align:"));
            m_picture->m_depth = at < 0 ? 0 : -parseSvgNumber(QStringView(style).mid(at + 15));
            if (attribute("width").endsWith(QLatin1Char('%'))) {
                const qsizetype least = style.indexOf(QLatin1String("min-width:"));
                m_picture->m_width =
                    least < 0 ? 10 : parseSvgNumber(QStringView(style).mid(least + 10));
                m_picture->m_flexible = true;
                m_picture->m_viewBox = QRectF(0, 0, m_picture->m_width * pixelsPerEx,
                                              m_picture->m_height * pixelsPerEx);
            }
            return;
        }
        const QStringView fit = attribute("preserveAspectRatio");
        if (m_picture->m_flexible && !fit.isEmpty() && attribute("width").isEmpty() &&
            box.height() > 0) {
            startAnchored(state, box, fit);
            return;
        }
        // A window on stretchy pieces: its content is shifted, scaled and cut to its rectangle.
        const QRectF place(number("x"), number("y"), number("width"), number("height"));
        QPainterPath window;
        window.addRect(place);
        window = state.transform.map(window);
        if (state.clip >= 0)
            window = window.intersected(m_picture->m_clips[static_cast<size_t>(state.clip)]);
        m_picture->m_clips.push_back(window);
        state.clip = static_cast<int>(m_picture->m_clips.size()) - 1;
        QTransform inner;
        inner.translate(place.x(), place.y());
        if (box.width() > 0 && box.height() > 0) {
            inner.scale(place.width() / box.width(), place.height() / box.height());
            inner.translate(-box.x(), -box.y());
        }
        state.transform = inner * state.transform;
    }

    // The rows, or the numbers, of a tagged formula: as high as the picture, placed by the width.
    void startAnchored(State &state, const QRectF &box, QStringView fit) const
    {
        const qreal share = fit.startsWith(QLatin1String("xMax"))   ? 1
                            : fit.startsWith(QLatin1String("xMid")) ? 0.5
                                                                    : 0;
        const qreal scale = m_picture->m_viewBox.height() / box.height();
        QTransform inner;
        inner.scale(scale, scale);
        inner.translate(-(box.x() + share * box.width()), -box.y());
        state.transform = inner * state.transform;
        state.anchor = share;
    }

    void addPath(const State &state, const QPainterPath &path, qreal stroke = 0)
    {
        m_picture->m_shapes.push_back(
            {path, stroke, {}, 0, state.color, state.transform, state.clip, state.anchor});
    }

    void addRect(const State &state)
    {
        QPainterPath path;
        const QRectF rect(number("x"), number("y"), number("width"), number("height"));
        if (number("rx") > 0)
            path.addRoundedRect(rect, number("rx"), number("rx"));
        else
            path.addRect(rect);
        addPath(state, path, attribute("fill") == QLatin1String("none") ? strokeOf(state) : 0);
    }

    [[nodiscard]] static qreal strokeOf(const State &state)
    {
        return state.stroke > 0 ? state.stroke : 60;
    }

    void addLine(const State &state)
    {
        QPainterPath path(QPointF(number("x1"), number("y1")));
        path.lineTo(number("x2"), number("y2"));
        addPath(state, path, strokeOf(state));
    }

    void addEllipse(const State &state)
    {
        const qreal rx = attribute("rx").isEmpty() ? number("r") : number("rx");
        const qreal ry = attribute("ry").isEmpty() ? number("r") : number("ry");
        QPainterPath path;
        path.addEllipse(QPointF(number("cx"), number("cy")), rx, ry);
        addPath(state, path, attribute("fill") == QLatin1String("none") ? strokeOf(state) : 0);
    }

    void addText(const QString &text)
    {
        const State &state = m_stack.back();
        if (state.textSize <= 0 || text.trimmed().isEmpty())
            return;
        m_picture->m_shapes.push_back(
            {{}, 0, text, state.textSize, state.color, state.transform, state.clip, state.anchor});
    }

    QXmlStreamReader m_xml;
    QXmlStreamAttributes m_attributes;
    std::shared_ptr<MathPicture> m_picture = std::make_shared<MathPicture>();
    std::vector<State> m_stack;
    bool m_seenRoot = false;
    bool m_fed = false;
};

std::shared_ptr<const MathPicture> MathPicture::parse(const QByteArray &svg)
{
    return MathSvgReader().read(svg);
}

void MathPicture::paint(QPainter &painter, const QRectF &box, qreal ex, const QColor &color) const
{
    if (m_viewBox.width() <= 0 || m_viewBox.height() <= 0)
        return;
    painter.save();
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.translate(box.topLeft());
    const qreal scale = m_height * ex / m_viewBox.height();
    painter.scale(m_flexible ? scale : m_width * ex / m_viewBox.width(), scale);
    painter.translate(-m_viewBox.topLeft());
    const QTransform base = painter.transform();
    int clip = -1;
    for (const Shape &shape : m_shapes) {
        if (shape.clip != clip) {
            clip = shape.clip;
            painter.restore();
            painter.save();
            painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
            painter.setTransform(base);
            if (clip >= 0)
                painter.setClipPath(m_clips[static_cast<size_t>(clip)], Qt::IntersectClip);
        }
        QTransform place = shape.transform;
        if (m_flexible)
            place *= QTransform::fromTranslate(shape.anchor * box.width() / scale, 0);
        painter.setTransform(place * base);
        const QColor ink = shape.color.value_or(color);
        if (!shape.text.isEmpty()) {
            QFont font = painter.font();
            font.setPixelSize(std::max(1, static_cast<int>(shape.textSize)));
            painter.setFont(font);
            painter.setPen(ink);
            painter.drawText(QPointF(0, 0), shape.text);
        } else if (shape.stroke > 0) {
            painter.strokePath(shape.path, QPen(ink, shape.stroke));
        } else {
            painter.fillPath(shape.path, ink);
        }
    }
    painter.restore();
}

} // namespace farcell
