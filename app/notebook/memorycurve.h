#pragma once

#include "core/client/kernelreports.h"

#include <QWidget>

namespace farcell {

class ThemeSource;

// The memory of a process over its last minute, as a small filled line with its peak. GUI thread.
class MemoryCurve : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(MemoryCurve)

public:
    explicit MemoryCurve(ThemeSource &theme, QWidget *parent = nullptr);

    void setSamples(const QList<KernelDeath::MemorySample> &samples);
    [[nodiscard]] QSize sizeHint() const override { return {220, 84}; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    ThemeSource &m_theme;
    QList<KernelDeath::MemorySample> m_samples; // in the order of time
};

} // namespace farcell
