package main

// Order is what a customer has ordered.
type Order struct {
	ID         int64     `json:"order_id"`
	CreatedAt  string    `json:"created_at"`
	Products   []Ordered `json:"products"`
	CustomerID int       `json:"customer_id"`
}

// Ordered is one line of an order.
type Ordered struct {
	ID    int `json:"product_id"`
	Count int `json:"count"`
}

// Job is a product to be made for an order.
type Job struct {
	OrderID   int64 `json:"order_id"`
	ProductID int   `json:"product_id"`
	Count     int   `json:"count"`
}

// Product is a row of the table products, whose keys are ids.
type Product struct {
	Name  string `json:"name"`
	Cents int    `json:"cents"` // the price of one
}

// Line is a job with its product: a line of a bill.
type Line struct {
	OrderID int64  `json:"order_id"`
	Product string `json:"product"`
	Count   int    `json:"count"`
	Cents   int    `json:"cents"` // the price of all
}

// Customer is a row of the table customers, whose keys are ids.
type Customer struct {
	Name string `json:"name"`
	City string `json:"city"`
}

// Delivery is an order with its customer, of whom nothing may be known.
type Delivery struct {
	OrderID  int64  `json:"order_id"`
	Customer string `json:"customer,omitempty"`
	City     string `json:"city,omitempty"`
}

// Stock is a row of the table stock, whose keys are the ids of products.
type Stock struct {
	Pieces    int    `json:"pieces"`
	Warehouse string `json:"warehouse"`
}

// Warehouse is a row of the table warehouses, whose keys are names.
type Warehouse struct {
	Name string `json:"name"`
	City string `json:"city"`
}

// Shelf is a row of stock with its warehouse.
type Shelf struct {
	Pieces    int    `json:"pieces"`
	Warehouse string `json:"warehouse"`
	City      string `json:"city"`
}
