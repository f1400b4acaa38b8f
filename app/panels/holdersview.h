#pragma once

#include "app/panels/memoryholders.h"

#include <QWidget>

#include <vector>

class QVBoxLayout;

namespace farcell {

class HolderRow;
class SharesHead;
class ThemeSource;

// Who holds which memory: a bar for each GPU and for the machine, and a row for each holder, with
// what can be done about it where it is a kernel. GUI thread.
class HoldersView : public QWidget
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(HoldersView)

public:
    explicit HoldersView(ThemeSource &theme, QWidget *parent = nullptr);

    void setShares(const std::vector<MemoryShares> &shares);

signals:
    void freeRequested(const farcell::KernelId &kernel, const QString &title);
    void restartRequested(const farcell::KernelId &kernel, const QString &title);

private:
    void rebuild(const std::vector<MemoryShares> &shares);

    ThemeSource &m_theme;
    QVBoxLayout *m_layout;
    std::vector<SharesHead *> m_heads;
    std::vector<HolderRow *> m_rows;
    QStringList m_shape; // what there is a widget for, in order
};

} // namespace farcell
