#pragma once

#include <QByteArray>
#include <QColor>
#include <QPainterPath>
#include <QString>
#include <QTransform>

#include <memory>
#include <optional>
#include <vector>

class QPainter;

namespace farcell {

// A typeset formula: filled paths, rectangles and text, read from MathJax' SVG. Immutable after
// parse(), so threads may share it. Sizes are in "ex" (x-heights of the text around it).
//
// Why not QSvgRenderer: it stops at the nested <svg> elements MathJax uses for stretchy brackets.
class MathPicture
{
public:
    // Null if this is no formula SVG.
    [[nodiscard]] static std::shared_ptr<const MathPicture> parse(const QByteArray &svg);

    [[nodiscard]] qreal width() const { return m_width; }
    [[nodiscard]] qreal height() const { return m_height; } // whole height
    [[nodiscard]] qreal depth() const { return m_depth; }   // the part below the baseline

    // A formula with a number at the right margin takes all the width there is; width() is the
    // least it needs.
    [[nodiscard]] bool isFlexible() const { return m_flexible; }

    // Draws into `box`, `ex` pixels an x-height, in `color` where the formula names no colour of
    // its own.
    void paint(QPainter &painter, const QRectF &box, qreal ex, const QColor &color) const;

private:
    friend class MathSvgReader;
    struct Shape
    {
        QPainterPath path; // filled, or stroked if stroke > 0
        qreal stroke = 0;
        QString text; // drawn with the app's font instead of a path
        qreal textSize = 0;
        std::optional<QColor> color; // none: the text colour
        QTransform transform;
        int clip = -1;    // index into m_clips
        qreal anchor = 0; // flexible formulas: share of the width that is x = 0
    };
    std::vector<Shape> m_shapes;
    std::vector<QPainterPath> m_clips; // in picture coordinates
    qreal m_width = 0, m_height = 0, m_depth = 0;
    QRectF m_viewBox;
    bool m_flexible = false;
};

} // namespace farcell
