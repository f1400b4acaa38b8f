#pragma once

#include <QWidget>

namespace farcell {

class ThemeSource;

// Two thin bars, RAM and disk of the runtime, with figures in the tool tip. GUI thread.
class MeterBar : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MeterBar)

public:
    explicit MeterBar(ThemeSource &theme, QWidget *parent = nullptr);

    void setUse(qint64 memoryUsed, qint64 memoryTotal, qint64 diskUsed, qint64 diskTotal);

    [[nodiscard]] QSize sizeHint() const override { return {84, 28}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    ThemeSource &m_theme;
    double m_memory = 0, m_disk = 0; // 0..1
};

} // namespace farcell
