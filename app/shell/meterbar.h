#pragma once

#include "core/api/metrics.h"

#include <QAbstractButton>

#include <vector>

namespace farcell {

class ThemeSource;

// Thin bars: RAM and disk of the runtime, and beside them memory and load of its fullest GPU where
// there is one; the figures of all in the tool tip. A click asks for more. GUI thread.
class MeterBar : public QAbstractButton
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MeterBar)

public:
    explicit MeterBar(ThemeSource &theme, QWidget *parent = nullptr);

    void setUse(const api::MetricsSample &sample);

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    struct Bar
    {
        QString name;
        double part = 0;     // 0..1
        bool isLimit = true; // full is bad; false: full is well used
        bool isKnown = true;

        friend bool operator==(const Bar &a, const Bar &b) = default;
    };
    void drawBar(QPainter &painter, const QPoint &at, const Bar &bar) const;
    [[nodiscard]] int nameWidth() const;

    ThemeSource &m_theme;
    std::vector<Bar> m_bars; // two in a column
};

} // namespace farcell
