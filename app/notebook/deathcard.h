#pragma once

#include "core/base/ids.h"
#include "core/client/kernelreports.h"

#include <QFrame>

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace farcell {

class MemoryCurve;
class ThemeSource;

// Why a kernel died: one sentence, what the system said, its last words and its memory, and the way
// on. Stands above the notebook until it is closed or the kernel runs again. GUI thread.
class DeathCard : public QFrame
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(DeathCard)

public:
    explicit DeathCard(ThemeSource &theme, QWidget *parent = nullptr);

    // `cellNumber`: which cell was running, from 1; 0 if none was.
    void showDeath(const KernelDeath &death, const CellId &cell, int cellNumber);

signals:
    void restartRequested();
    void cellRequested(const farcell::CellId &cell);

private:
    void applyTheme();
    [[nodiscard]] static QString facts(const KernelDeath &death);
    [[nodiscard]] static QString lastWords(const KernelDeath &death);

    ThemeSource &m_theme;
    CellId m_cell;
    QLabel *m_icon, *m_title, *m_sentence, *m_facts, *m_wordsTitle;
    MemoryCurve *m_curve;
    QPlainTextEdit *m_words;
    QPushButton *m_goToCell, *m_copy, *m_restart;
};

} // namespace farcell
