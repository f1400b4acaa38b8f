#pragma once

#include "app/connect/kernellist.h"

#include <QFrame>

class QLabel;

namespace farcell {

class ServerCard;

// A popup under the toolbar's kernel button: the kernels of the runtime in use. GUI thread;
// deletes itself when closed.
class KernelChooser : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KernelChooser)

public:
    // `wanted`: the kernelspec to select; `current`: the kernel in use, may be empty.
    KernelChooser(ThemeSource &theme, const Endpoint &endpoint, QString wanted, KernelId current,
                  QWidget *parent);

    void openBelow(const QWidget &anchor);

signals:
    void chosen(const farcell::KernelChoice &choice);
    void otherRuntimeRequested(); // "Connect to another runtime…"

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    void useState(const ServerState &state);
    void fit();

    QString m_wanted;
    KernelId m_current;
    QPoint m_topLeft;
    ServerProbe m_probe;
    ServerCard *m_card;
    KernelList *m_list;
};

} // namespace farcell
