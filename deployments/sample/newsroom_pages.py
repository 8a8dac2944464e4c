"""The sample newsroom's pages, rendered to the bytes that are served."""

import json
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, cached_property
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from newsroom_articles import (
    HERE,
    PAPERS,
    Article,
    Paper,
    moved,
    moved_path,
    moved_time,
    newest_first,
    read_articles,
)

BASE_PORT = 8765
PLATE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" '
    'fill="#b8c4cc"/><path d="M0 7l4-3 3 2 4-4 5 4v3H0z" fill="#5d7382"/></svg>\n'
)


@dataclass(frozen=True, slots=True)
class Page:
    """One response of the newsroom."""

    body: bytes
    content_type: str
    modified: datetime | None = None
    """Set for listings: they answer conditional requests."""
    status: int = 200


@dataclass(frozen=True)
class Site:
    """One paper on one port."""

    paper: Paper
    base_port: int
    moved_days: int | None = field(default=0, kw_only=True)
    """Days by which the written articles are moved; None leaves them and the specials out."""
    past: tuple[Article, ...] = field(default=(), kw_only=True)
    """The latest articles of the demo's year."""

    @property
    def port(self) -> int:
        """Port of 127.0.0.1 the paper is served on."""
        return self.base_port + self.paper.port_offset

    @property
    def root(self) -> str:
        """URL of the paper without the final slash."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def articles(self) -> tuple[Article, ...]:
        """The articles as served now, newest first."""
        if self.moved_days is None:
            return self.past
        written = [article for article in self.written if not article.is_saved]
        return tuple(sorted((*written, *self.past), key=newest_first))

    @cached_property
    def written(self) -> tuple[Article, ...]:
        """The articles of the paper's folder, those of saved files included."""
        return tuple(moved(article, self.moved_days or 0) for article in sources_of(self.paper))

    @cached_property
    def specials(self) -> tuple[dict[str, str], ...]:
        """Pages that it serves and links that it lists that are not its articles."""
        if self.moved_days is None:
            return ()
        return tuple(moved_special(one, self.moved_days) for one in specials_of(self.paper))

    def url(self, article: Article) -> str:
        """Canonical URL of an article."""
        return self.root + article.path


@cache
def sources_of(paper: Paper) -> tuple[Article, ...]:
    """The article sources of a paper, those of saved files included."""
    return read_articles(paper)


@cache
def specials() -> tuple[dict[str, str], ...]:
    """The pages and links that are not articles, from specials.toml."""
    with (HERE / "specials.toml").open("rb") as file:
        return tuple(tomllib.load(file)["special"])


def specials_of(paper: Paper) -> tuple[dict[str, str], ...]:
    """The specials of one paper."""
    return tuple(special for special in specials() if special["paper"] == paper.id)


def moved_special(special: dict[str, str], days: int) -> dict[str, str]:
    """A special with dates so many days later."""
    changed = {"path": moved_path(special["path"], days)}
    if "published" in special:
        changed["published"] = moved_time(special["published"], days)
    return special | changed


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(("html", "xml")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["json"] = _json
    environment.filters["local"] = _local
    return environment


def _json(value: object) -> Markup:
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return Markup(text)  # noqa: S704 (JSON inside a script element; `<` is escaped above)


def _local(moment: datetime, form: str, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime(form)


def render(site: Site, template: str, **values: object) -> str:
    """Render one template of the paper's set."""
    name = f"{site.paper.templates}/{template}.html"
    fixed = {"site": site, "paper": site.paper, "sections": sections(site)}
    return _environment().get_template(name).render(**fixed, **values)


def render_listing(site: Site, template: str, **values: object) -> str:
    """Render one of the XML listings, which are the same for all papers."""
    return _environment().get_template(f"listings/{template}.xml").render(site=site, **values)


def sections(site: Site) -> dict[str, str]:
    """Section names and their paths, in the order of the paper's first pages."""
    names = dict.fromkeys(article.section for article in site.articles)
    return {name: "/" + path_part(site, name) + "/" for name in names}


def path_part(site: Site, section: str) -> str:
    """The first part of the paths of a section's articles."""
    path = next(article.path for article in site.articles if article.section == section)
    return path.strip("/").split("/")[0]


def render_article(site: Site, article: Article, template: str = "article") -> Page:
    """One article page, encoded and labelled as its source says."""
    others = [other for other in site.articles if other.path != article.path]
    start = sum(map(ord, article.slug)) % len(others)
    related = [others[(start + step) % len(others)] for step in range(8)]
    text = render(
        site,
        template,
        article=article,
        url=site.url(article),
        related=related[:3],
        most_read=related[3:],
        meta_charset=article.header_charset or article.charset or "utf-8",
    )
    charset = article.charset or "utf-8"
    return Page(text.encode(charset, "xmlcharrefreplace"), _content_type(article))


def _content_type(article: Article) -> str:
    if article.header_charset:
        return f"text/html; charset={article.header_charset}"
    return "text/html" if article.charset else "text/html; charset=utf-8"


def html(text: str) -> Page:
    """A UTF-8 page."""
    return Page(text.encode(), "text/html; charset=utf-8")


def site_pages(site: Site) -> dict[str, Page]:
    """Every HTML page of a paper by its path: articles, sections and specials."""
    pages = {article.path: article_page(site, article) for article in site.articles}
    pages["/"] = html(render(site, "section", title="", articles=site.articles[:12]))
    for name, path in sections(site).items():
        pages[path] = section_page(site, name)
    for article in site.articles:
        if "amp" in article.flags:
            pages[article.path + "/amp"] = render_article(site, article, "amp")
    for special in site.specials:
        if special.get("template"):
            pages[special["path"]] = html(render(site, special["template"], special=special))
    pages["/img/plate.svg"] = Page(PLATE.encode(), "image/svg+xml")
    return pages


def article_page(site: Site, article: Article) -> Page:
    """What the paper serves at the path of an article."""
    if "withdrawn" in article.flags:
        return missing_page(site)
    if "digest" in article.flags:
        return html(render(site, "digest", article=article, others=site.articles))
    return render_article(site, article)


def section_page(site: Site, name: str) -> Page:
    """The list of a section's articles."""
    inside = [article for article in site.articles if article.section == name]
    return html(render(site, "section", title=name, articles=inside))


def missing_page(site: Site) -> Page:
    """The page that the paper serves with status 404."""
    return Page(html(render(site, "missing")).body, "text/html; charset=utf-8", None, 404)


def page_at(site: Site, path: str) -> Page:
    """One page of a site in the demo's year: an article's, a section's, or the missing page."""
    for name, its_path in sections(site).items():
        if its_path == path:
            return section_page(site, name)
    found = (article for article in site.articles if article.path == path)
    article = next(found, None)
    return article_page(site, article) if article else missing_page(site)


def saved_files(base_port: int = BASE_PORT, moved_days: int = 0) -> dict[str, bytes]:
    """The saved pages by file name: earlier states as HTML, the others as plain text."""
    files = {}
    for paper in PAPERS:
        site = Site(paper, base_port, moved_days=moved_days)
        for article in site.written:
            if "saved" in article.flags:
                files[f"{article.slug}.txt"] = render_text(site, article)
            elif article.is_saved:
                files[f"{article.slug}.html"] = render_article(site, article).body
    return files


def render_text(site: Site, article: Article) -> bytes:
    """One article as a reader would save it from the browser as text."""
    name = f"{site.paper.templates}/saved.txt"
    return _environment().get_template(name).render(article=article, paper=site.paper).encode()
