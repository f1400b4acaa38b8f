#pragma once

#include "core/notebook/notebookdocument.h"

#include <QObject>
#include <QPainter>
#include <QTimer>

#include <memory>

class QPagedPaintDevice;

namespace farcell {

class Block;
class RenderService;
class ThemeSource;

// Draws a notebook onto pages, for a printer or a PDF file, in the light theme. A cell at a time,
// between the events of the GUI thread; ends by itself. Not here: dialogs.
class NotebookPrinter : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(NotebookPrinter)

public:
    // What is in the document now is printed. `baseDirectory`: for relative images.
    NotebookPrinter(const NotebookDocument &document, QString title, QString baseDirectory,
                    std::unique_ptr<QPagedPaintDevice> device, QObject *parent = nullptr);
    ~NotebookPrinter() override;

    void start(); // once
    [[nodiscard]] int pages() const { return m_page; }

    // How far down a piece may be shown so that no line of it is cut: the emptiest row of pixels
    // in the last part before `limit`. Pixels of the piece.
    [[nodiscard]] static qreal breakBefore(Block &block, qreal width, qreal top, qreal limit);

signals:
    void progressed(int cells, int ofCells);
    void finished(const QString &problem); // empty: all is on paper; may be deleted after it

private:
    void nextCell();
    void makePieces(const Cell &cell);
    void waitForPictures();
    void printPieces();
    void place(Block &block);
    void draw(Block &block, qreal from, qreal height);
    void newPage();
    void writeFooter();
    void end(const QString &problem);

    NotebookContent m_content;
    QString m_language;
    QString m_title;
    QString m_baseDirectory;
    std::unique_ptr<QPagedPaintDevice> m_device;
    std::unique_ptr<ThemeSource> m_theme;
    std::unique_ptr<RenderService> m_render;
    std::vector<std::unique_ptr<Block>> m_pieces; // of the cell under way
    QPainter m_painter;
    QTimer m_next;
    int m_waited = 0; // times
    size_t m_cell = 0;
    int m_page = 1;
    qreal m_width = 0; // of the page, as on a screen
    qreal m_height = 0;
    qreal m_y = 0;
};

} // namespace farcell
