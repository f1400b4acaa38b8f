#pragma once

#include "app/notebook/page.h"
#include "core/notebook/lineindex.h"

#include <QFutureWatcher>

#include <atomic>
#include <memory>
#include <vector>

class QLabel;
class QLineEdit;
class QToolButton;
class QUrl;

namespace farcell {

class LargeTextView;
class ThemeSource;

// A tab with all of an output, 10^7 lines if it must be: shown, searched, copied from. Lines are
// found and searched on other threads. GUI thread.
class OutputPage : public Page
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(OutputPage)

public:
    static constexpr size_t mostHits = 100'000;

    OutputPage(QString title, const QString &text, ThemeSource &theme, QWidget *parent = nullptr);
    ~OutputPage() override;

    [[nodiscard]] QString title() const override { return m_title; }
    [[nodiscard]] QString place() const override { return {}; }
    void takeFocus() override;

    [[nodiscard]] LargeTextView &view() const { return *m_view; }
    [[nodiscard]] bool isReading() const { return m_reading.isRunning(); }
    [[nodiscard]] bool isSearching() const { return m_searching.isRunning(); }
    void find(const QString &text); // as if typed into the field

signals:
    void linkActivated(const QUrl &url);

protected:
    void keyPressEvent(QKeyEvent *event) override;

private:
    using Flag = std::shared_ptr<std::atomic<bool>>; // asks work on another thread to end

    void build(ThemeSource &theme);
    void search();
    void takeHits();
    void step(int direction);
    void tellCount();

    QString m_title;
    LargeTextView *m_view;
    QLineEdit *m_field;
    QToolButton *m_case;
    QLabel *m_count;
    QLabel *m_lines;
    QFutureWatcher<LineIndex> m_reading;
    QFutureWatcher<std::vector<qsizetype>> m_searching;
    Flag m_stopReading, m_stopSearching;
    qsizetype m_hits = 0;
    qsizetype m_current = -1;
};

} // namespace farcell
